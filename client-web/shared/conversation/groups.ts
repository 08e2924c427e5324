// How a list of messages is laid out: days, and in each day runs of one sender that stand close together in time.

import { dayKey } from '../i18n/formats.ts'
import type { TimelineItem } from '../timeline/items.ts'

export interface MessageGroup {
  key: string
  items: TimelineItem[]
}

export interface MessageDay {
  key: string
  /** When its first message was written. */
  at: string
  groups: MessageGroup[]
}

/** A pause of this long begins a new run. */
const maxGapMs = 5 * 60_000

/** A run never goes across `newFromSeq`, before which a divider stands. */
export function groupByDay(items: readonly TimelineItem[], newFromSeq = 0): MessageDay[] {
  const days: MessageDay[] = []
  let previous: TimelineItem | undefined
  for (const item of items) {
    const key = dayKey(item.createdAt)
    let day = days.at(-1)
    if (!day || day.key !== key) {
      day = { key, at: item.createdAt, groups: [] }
      days.push(day)
      previous = undefined
    }
    if (previous && item.seq !== newFromSeq && belongTogether(previous, item)) day.groups.at(-1)?.items.push(item)
    else day.groups.push({ key: item.key, items: [item] })
    previous = item
  }
  return days
}

function belongTogether(before: TimelineItem, item: TimelineItem): boolean {
  if (before.senderId !== item.senderId || before.status === 'failed' || item.status === 'failed') return false
  return Date.parse(item.createdAt) - Date.parse(before.createdAt) < maxGapMs
}
