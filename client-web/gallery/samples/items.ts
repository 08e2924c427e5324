// Rows of a message list in every state.

import type { RequestErrorCode } from '../../shared/connection/request-error.ts'
import type { ItemAttachment, TimelineItem } from '../../shared/timeline/items.ts'
import { customerId } from './conversations.ts'
import { colleagueId, ownId } from './people.ts'
import { minutesAgo } from './times.ts'
import { words } from './words.ts'

let made = 0

function item(changes: Partial<TimelineItem>): TimelineItem {
  const key = `item${++made}`
  return {
    key,
    clientMessageId: key,
    seq: made,
    isOwn: false,
    senderId: customerId,
    senderRole: 'customer',
    senderName: words.value.customer,
    content: words.value.question,
    attachment: null,
    createdAt: minutesAgo(4),
    status: 'sent',
    failure: null,
    ...changes,
  }
}

/** Written by the agent at this console. */
export const own = (changes: Partial<TimelineItem> = {}) =>
  item({
    isOwn: true,
    senderId: ownId,
    senderRole: 'agent',
    senderName: words.value.agent,
    content: words.value.answer,
    ...changes,
  })

export const fromCustomer = (changes: Partial<TimelineItem> = {}) => item(changes)

export const fromColleague = (changes: Partial<TimelineItem> = {}) =>
  item({ senderId: colleagueId, senderRole: 'agent', senderName: words.value.colleague, ...changes })

export const failed = (failure: RequestErrorCode, changes: Partial<TimelineItem> = {}) =>
  own({ seq: null, status: 'failed', failure, ...changes })

export const image = (id: number | null, changes: Partial<ItemAttachment> = {}): ItemAttachment =>
  ({
    id,
    name: words.value.image,
    size: 184_320,
    mimeType: 'image/png',
    width: 640,
    height: 480,
    ...changes,
  }) as ItemAttachment

export const file = (id: number | null, name = words.value.file): ItemAttachment =>
  ({ id, name, size: 2_411_724, mimeType: 'application/pdf' }) as ItemAttachment
