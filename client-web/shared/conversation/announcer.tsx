// Announces other people's new messages to screen readers from a
// separate live region. A live list would read out the whole history.

import { useEffect, useRef, useState } from 'preact/hooks'
import { plainName } from '../person-name.ts'
import type { TimelineItem } from '../timeline/items.ts'
import { texts } from './texts.ts'

/** Messages within this time are announced together. */
const batchMs = 600
/** Long enough to be spoken. */
const clearMs = 5_000

export function Announcer({ items, isLoaded }: { items: readonly TimelineItem[]; isLoaded: boolean }) {
  const [announcement, setAnnouncement] = useState('')
  const spokenSeq = useRef<number | null>(null)
  const newest = items.findLast(({ seq }) => seq !== null)?.seq ?? 0

  useEffect(() => {
    if (!isLoaded) return
    // Messages from before the list opened are history.
    const from = spokenSeq.current ?? newest
    spokenSeq.current = from
    if (newest <= from) return
    const timer = setTimeout(() => {
      spokenSeq.current = newest
      const added = items.filter(({ seq, isOwn }) => !isOwn && (seq ?? 0) > from)
      const [single] = added
      if (!single) return
      const { announce, newMessages } = texts.value
      setAnnouncement(
        added.length === 1
          ? announce(plainName({ id: single.senderId, name: single.senderName }), single.content)
          : newMessages(added.length),
      )
    }, batchMs)
    return () => clearTimeout(timer)
  }, [newest, isLoaded])

  // Somebody who reads the page later should not find the announcement again.
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
