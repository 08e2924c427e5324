// How many messages of the other side a customer has not read. The count is the server's, however much of the history
// is loaded; messages and receipts that are newer than it change it.

import type { Conversation, Message } from '#protocol/entities.ts'
import { firstLoadedSeq, type Timeline } from './timeline.ts'

export function unreadByCustomer(conversation: Conversation | null, timeline: Timeline): number {
  const { messages, ahead, customerReadSeq } = timeline
  const countAfter = (seq: number) =>
    [...messages, ...ahead].filter((each) => isOfOthers(each) && each.seq > seq).length
  const isEveryUnreadLoaded = messages.length > 0 && firstLoadedSeq(timeline) <= customerReadSeq + 1
  if (conversation === null || isEveryUnreadLoaded) return countAfter(customerReadSeq)
  const isReadSince = customerReadSeq >= conversation.lastSeq
  return (isReadSince ? 0 : conversation.unread) + countAfter(Math.max(conversation.lastSeq, customerReadSeq))
}

const isOfOthers = ({ senderRole }: Message) => senderRole !== 'customer'
