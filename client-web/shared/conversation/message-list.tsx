// The messages of a conversation. It follows new messages while scrolled to the end, keeps
// its position when older ones are inserted above, and counts those that arrive below.

import { type ReadonlySignal, type Signal, useSignal } from '@preact/signals'
import { type ComponentChildren, Fragment } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Files } from '../attachments/files.ts'
import type { LightboxProps } from '../attachments/lightbox.tsx'
import { now } from '../clock.ts'
import { formatDay } from '../i18n/formats.ts'
import { lazy } from '../lazy.tsx'
import type { TimelineItem } from '../timeline/items.ts'
import { ArrowDownIcon } from '../ui/icons.tsx'
import { Announcer } from './announcer.tsx'
import { groupByDay, keepGroups, type MessageDay } from './groups.ts'
import { MessageGroup } from './message-group.tsx'
import styles from './message-list.module.css'
import { texts } from './texts.ts'

interface MessageListProps {
  items: readonly TimelineItem[]
  /** Whose screen this is: that side's messages are aligned to the end. */
  side: 'customer' | 'agent'
  isLoaded: boolean
  hasOlder: boolean
  isLoadingOlder: boolean
  onOlder: () => void
  onRetry: (clientMessageId: string) => void
  onRemove: (clientMessageId: string) => void
  files: Files
  /** Upload progress from 0 to 1, by clientMessageId. */
  progress: ReadonlySignal<ReadonlyMap<string, number>>
  /** Set to whether the newest message is in view. Reading depends on it. */
  isAtEnd: Signal<boolean>
  /** The first message that was new when the conversation was opened. The "new" divider goes before it. */
  newFromSeq?: number
  /** Rendered before the first message (greeting) and after the last one (typing indicator, status). */
  start?: ComponentChildren
  end?: ComponentChildren
}

const Lightbox = lazy<LightboxProps>(async () => (await import('../attachments/lightbox.tsx')).Lightbox)

/** Within this many CSS pixels of an edge counts as being there. */
const edgeDistance = 60

export function MessageList(props: MessageListProps) {
  const { items, side, isLoaded, hasOlder, isLoadingOlder, onOlder, onRetry, onRemove, isAtEnd, start, end } = props
  const { newFromSeq = 0, files, progress } = props
  const enlarged = useSignal<number | null>(null)
  const media = useMemo(() => ({ files, progress, enlarged }), [files, progress])
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const lastLayout = useRef({ firstKey: '', lastKey: '', height: 0 })
  const [newBelow, setNewBelow] = useState(0)
  const rendered = useRef<MessageDay[]>([])
  const days = useMemo(() => keepGroups(rendered.current, groupByDay(items, newFromSeq)), [items, newFromSeq])
  rendered.current = days

  function scrollToEnd(): void {
    const list = scroller.current
    if (list) list.scrollTop = list.scrollHeight
  }

  function onScroll(): void {
    const list = scroller.current
    if (!list) return
    isAtEnd.value = list.scrollHeight - list.scrollTop - list.clientHeight < edgeDistance
    if (isAtEnd.value) setNewBelow(0)
    if (list.scrollTop < edgeDistance && hasOlder) onOlder()
  }

  useLayoutEffect(() => {
    const list = scroller.current
    if (!list) return
    const { firstKey, lastKey, height } = lastLayout.current
    const first = items[0]?.key ?? ''
    const last = items.at(-1)
    lastLayout.current = { firstKey: first, lastKey: last?.key ?? '', height: list.scrollHeight }
    const hasPrepended = firstKey !== '' && first !== firstKey && items.some(({ key }) => key === firstKey)
    if (hasPrepended) list.scrollTop += list.scrollHeight - height
    if (!last || last.key === lastKey) return
    const added = items.slice(items.findIndex(({ key }) => key === lastKey) + 1)
    if (isAtEnd.value || added.some(({ isOwn }) => isOwn)) scrollToEnd()
    else if (lastKey !== '') setNewBelow((count) => count + added.length)
  }, [items])

  useEffect(() => {
    const list = scroller.current
    if (!list || !content.current) return
    const observer = new ResizeObserver(() => {
      if (isAtEnd.value) scrollToEnd()
      lastLayout.current.height = list.scrollHeight
    })
    observer.observe(list)
    observer.observe(content.current)
    return () => observer.disconnect()
  }, [])

  return (
    <div class={styles.frame}>
      <div
        ref={scroller}
        class={styles.list}
        role="log"
        aria-live="off"
        aria-label={texts.value.messages}
        aria-busy={!isLoaded}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable list must be reachable by keyboard.
        tabIndex={0}
        onScroll={onScroll}
      >
        <div ref={content} class={styles.content}>
          {hasOlder && (
            <button type="button" class={styles.older} aria-disabled={isLoadingOlder} onClick={onOlder}>
              {isLoadingOlder ? texts.value.loading : texts.value.earlier}
            </button>
          )}
          {!hasOlder && start}
          {days.map((day) => (
            <div key={day.key}>
              <p class={styles.day}>
                <time dateTime={day.key}>{formatDay(day.at, now.value)}</time>
              </p>
              {day.groups.map((group) => (
                <Fragment key={group.key}>
                  {newFromSeq > 0 && group.items[0]?.seq === newFromSeq && (
                    <p class={styles.newDivider}>{texts.value.newDivider}</p>
                  )}
                  <MessageGroup
                    items={group.items}
                    isOurs={(group.items[0]?.senderRole === 'customer') === (side === 'customer')}
                    isNamed={side === 'customer' || group.items[0]?.senderRole !== 'customer'}
                    media={media}
                    onRetry={onRetry}
                    onRemove={onRemove}
                  />
                </Fragment>
              ))}
            </div>
          ))}
          {end}
        </div>
      </div>
      {newBelow > 0 && (
        <button type="button" class={styles.newBelow} onClick={scrollToEnd}>
          <ArrowDownIcon size={16} /> {texts.value.newMessages(newBelow)}
        </button>
      )}
      {enlarged.value !== null && <Lightbox items={items} hasOlder={hasOlder} media={media} />}
      <Announcer items={items} isLoaded={isLoaded} />
    </div>
  )
}
