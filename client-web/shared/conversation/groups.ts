// Groups messages by day, and within a day by sender and time.

import { dayKey } from '../i18n/day-key.ts'
import type { TimelineItem } from '../timeline/items.ts'

export interface MessageGroup {
  key: string
  items: TimelineItem[]
}

export interface MessageDay {
  key: string
  /** Time of its first message. */
  at: string
  groups: MessageGroup[]
}

/** A longer pause starts a new group. */
const maxGapMs = 5 * 60_000

/** A group never spans `newFromSeq`, where the "new" divider goes. */
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

/** Replaces each group whose items are unchanged by the one rendered before, so that it is not rendered again. */
export function keepGroups(before: readonly MessageDay[], days: MessageDay[]): MessageDay[] {
  const rendered = new Map(before.flatMap(({ groups }) => groups).map((group) => [group.key, group]))
  for (const { groups } of days) {
    for (const [index, group] of groups.entries()) {
      const same = rendered.get(group.key)
      if (same?.items.length === group.items.length && same.items.every((item, at) => isSame(item, group.items[at])))
        groups[index] = same
    }
  }
  return days
}

function isSame(a: TimelineItem, b: TimelineItem | undefined): boolean {
  return b !== undefined && (Object.keys(a) as (keyof TimelineItem)[]).every((name) => a[name] === b[name])
}

function belongTogether(before: TimelineItem, item: TimelineItem): boolean {
  if (before.senderId !== item.senderId || before.status === 'failed' || item.status === 'failed') return false
  return Date.parse(item.createdAt) - Date.parse(before.createdAt) < maxGapMs
}
