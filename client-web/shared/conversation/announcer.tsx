// Speaks other people's new messages to a screen reader, from a node of its own: a live list would read out its whole history.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { TimelineItem } from '../timeline/items.ts'
import { texts } from './texts.ts'

/** What comes within this time is told as one. */
const batchMs = 600
/** Long enough to be spoken. */
const clearMs = 5_000

export function Announcer({ items, isLoaded }: { items: readonly TimelineItem[]; isLoaded: boolean }) {
  const [announcement, setAnnouncement] = useState('')
  const spokenSeq = useRef<number | null>(null)
  const newest = items.findLast(({ seq }) => seq !== null)?.seq ?? 0

  useEffect(() => {
    if (!isLoaded) return
    // What was there when the list opened is history.
    const from = spokenSeq.current ?? newest
    spokenSeq.current = from
    if (newest <= from) return
    const timer = setTimeout(() => {
      spokenSeq.current = newest
      const added = items.filter(({ seq, isOwn }) => !isOwn && (seq ?? 0) > from)
      const [single] = added
      if (!single) return
      const { announce, newMessages } = texts.value
      setAnnouncement(added.length === 1 ? announce(single.senderName, single.content) : newMessages(added.length))
    }, batchMs)
    return () => clearTimeout(timer)
  }, [newest, isLoaded])

  // Whoever reads through the page later should not meet it again.
  useEffect(() => {
    const timer = setTimeout(setAnnouncement, clearMs, '')
    return () => clearTimeout(timer)
  }, [announcement])

  return (
    <div class="visually-hidden" aria-live="polite">
      {announcement}
    </div>
  )
}
