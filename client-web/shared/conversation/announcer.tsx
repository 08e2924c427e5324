// Speaks other people's new messages to a screen reader, from a node of its own: a live list would read out its whole history.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { TimelineItem } from '../timeline/items.ts'
import { texts } from './texts.ts'

/** What comes within this time is told as one. */
const gatherMs = 600
/** Long enough to be spoken. */
const clearMs = 5_000

export function Announcer({ items, isLoaded }: { items: readonly TimelineItem[]; isLoaded: boolean }) {
  const [words, setWords] = useState('')
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
      const fresh = items.filter(({ seq, isOwn }) => !isOwn && (seq ?? 0) > from)
      const [only] = fresh
      if (!only) return
      const { announce, newMessages } = texts.value
      setWords(fresh.length === 1 ? announce(only.senderName, only.content) : newMessages(fresh.length))
    }, gatherMs)
    return () => clearTimeout(timer)
  }, [newest, isLoaded])

  // Whoever reads through the page later should not meet it again.
  useEffect(() => {
    const timer = setTimeout(setWords, clearMs, '')
    return () => clearTimeout(timer)
  }, [words])

  return (
    <div class="visually-hidden" aria-live="polite">
      {words}
    </div>
  )
}
