// Bubbles in every state, and the list around them.

import { signal } from '@preact/signals'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { MessageList } from '../../shared/conversation/message-list.tsx'
import { PlainBubble } from '../../shared/conversation/plain-bubble.tsx'
import { texts as conversationTexts } from '../../shared/conversation/texts.ts'
import { TypingIndicator } from '../../shared/conversation/typing-indicator.tsx'
import { language } from '../../shared/i18n/language.ts'
import type { TimelineItem } from '../../shared/timeline/items.ts'
import { Skeleton } from '../../shared/ui/loading.tsx'
import { sampleFiles } from '../samples/files.ts'
import { failed, fromColleague, fromCustomer, own } from '../samples/items.ts'
import { minutesAgo } from '../samples/times.ts'
import { words } from '../samples/words.ts'
import { Specimen } from '../specimen.tsx'

const none = signal(new Map<string, number>())

export interface SampleListProps {
  items: () => TimelineItem[]
  /** A message that arrives once the others are shown. */
  arriving?: () => TimelineItem
  progress?: Map<string, number>
  side?: 'customer' | 'agent'
  isLoaded?: boolean
  hasOlder?: boolean
  isLoadingOlder?: boolean
  newFromSeq?: number
  start?: preact.ComponentChildren
  end?: preact.ComponentChildren
}

/** A list of its own height, so that every row is in view. */
export function SampleList({ items, arriving, progress, ...props }: SampleListProps) {
  const first = useMemo(items, [language.value])
  const [arrived, setArrived] = useState<TimelineItem[]>([])
  useEffect(() => {
    if (arriving) setArrived([arriving()])
  }, [])
  const isAtEnd = useMemo(() => signal(false), [])
  const media = useMemo(() => (progress ? signal(progress) : none), [])
  return (
    <MessageList
      side="agent"
      isLoaded
      hasOlder={false}
      isLoadingOlder={false}
      onOlder={() => {}}
      onRetry={() => {}}
      onRemove={() => {}}
      files={sampleFiles}
      progress={media}
      isAtEnd={isAtEnd}
      {...props}
      items={[...first, ...arrived]}
    />
  )
}

const failures = Object.keys(conversationTexts.value.messageRejected) as TimelineItem['failure'][]

export function Messages() {
  const t = words.value
  return (
    <>
      <Specimen label="MessageList side=agent: sending, sent, read" layout="pane">
        <SampleList
          items={() => [
            fromCustomer(),
            own({ status: 'read', createdAt: minutesAgo(40) }),
            fromColleague({ content: t.short }),
            own({ status: 'sent', content: t.short }),
            fromCustomer({ content: t.short }),
            own({ seq: null, status: 'sending', content: t.short }),
          ]}
        />
      </Specimen>
      <Specimen label="MessageList side=customer" layout="pane">
        <SampleList
          side="customer"
          items={() => [fromCustomer({ isOwn: true, status: 'read' }), own({ isOwn: false }), own({ isOwn: false })]}
          start={<PlainBubble name={t.shop} text={t.greeting} />}
          end={<TypingIndicator name={t.agent} />}
        />
      </Specimen>
      <Specimen label="MessageGroup failed, by reason" layout="pane">
        <SampleList items={() => failures.map((failure) => failed(failure ?? 'internal', { content: t.short }))} />
      </Specimen>
      <Specimen label="RichText: link, lines, long word, right to left, emoji" layout="pane">
        <SampleList
          items={() => [
            fromCustomer({ content: t.link }),
            own({ content: t.link }),
            fromCustomer({ content: t.lines }),
            fromCustomer({ content: 'Donaudampfschifffahrtsgesellschaft'.repeat(4) }),
            fromCustomer({ content: 'مرحبا، هل الشاي متوفر؟ (Mist & Leaf)' }),
            own({ content: '🍵👍🏽 👩‍👩‍👧' }),
          ]}
        />
      </Specimen>
      <Specimen label="TypingIndicator, with preview" layout="pane">
        <SampleList
          items={() => [fromCustomer({ senderName: t.longName }), fromColleague({ senderName: t.longName })]}
          end={
            <>
              <TypingIndicator name={t.customer} />
              <TypingIndicator name={t.longName} preview={t.preview} />
            </>
          }
        />
      </Specimen>
      <Specimen label="MessageList newFromSeq, several days" layout="pane">
        <NewMessages />
      </Specimen>
      <Specimen label="MessageList hasOlder" layout="pane">
        <SampleList hasOlder items={() => [fromCustomer()]} />
      </Specimen>
      <Specimen label="MessageList isLoadingOlder" layout="pane">
        <SampleList hasOlder isLoadingOlder items={() => [fromCustomer()]} />
      </Specimen>
      <Specimen label="MessageList loading" layout="pane">
        <SampleList isLoaded={false} items={() => []} start={<Skeleton label={t.notice} lines={6} />} />
      </Specimen>
      <Specimen label="MessageList scrolled up" layout="pane" height={16}>
        <SampleList items={() => Array.from({ length: 9 }, () => fromCustomer())} arriving={() => fromCustomer()} />
      </Specimen>
    </>
  )
}

function NewMessages() {
  const items = useMemo(
    () => [
      fromCustomer({ createdAt: minutesAgo(8 * 1_440) }),
      own({ status: 'read', createdAt: minutesAgo(2 * 1_440) }),
      own({ status: 'read', createdAt: minutesAgo(1_440) }),
      fromCustomer(),
      fromCustomer({ content: words.value.short }),
    ],
    [language.value],
  )
  return <SampleList items={() => items} newFromSeq={items[3]?.seq ?? 0} />
}
