// One conversation: what was said, what can be done, and where one writes. Reading counts while it is in front of somebody's eyes.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import { DropHint } from '../../shared/attachments/drop-hint.tsx'
import { createPicking, type Picking, sendFiles } from '../../shared/attachments/picking.ts'
import { useFileDrop } from '../../shared/attachments/use-file-drop.ts'
import { Composer } from '../../shared/conversation/composer.tsx'
import { MessageList } from '../../shared/conversation/message-list.tsx'
import { TypingIndicator } from '../../shared/conversation/typing-indicator.tsx'
import { openDraft } from '../../shared/storage/draft.ts'
import type { TimelineItem } from '../../shared/timeline/items.ts'
import { type OpenConversation, openConversation } from '../../shared/timeline/open-conversation.ts'
import { firstHeldSeq } from '../../shared/timeline/timeline.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { Skeleton } from '../../shared/ui/loading.tsx'
import { customerName, plainCustomerName } from '../customer-name.ts'
import { type Desk, useDesk } from '../desk/desk.ts'
import { texts } from '../texts.ts'
import { permissionsOf } from './actions.ts'
import { StateBar } from './state-bar.tsx'
import styles from './thread.module.css'
import { ThreadHeader } from './thread-header.tsx'

interface ThreadProps {
  conversationId: number
  view: ConversationView
}

export function Thread({ conversationId, view }: ThreadProps) {
  const desk = useDesk()
  const [open, setOpen] = useState<OpenConversation<AgentConversation> | null>(null)

  useEffect(() => {
    const known = desk.conversations.find(conversationId)
    const { connection, outbox, self } = desk
    const opened = openConversation<AgentConversation>({
      connection,
      outbox,
      conversationId,
      self,
      ...(known && { known }),
    })
    const stopTaking = opened.conversation.subscribe(
      (conversation) => conversation && desk.conversations.take(conversation),
    )
    setOpen(opened)
    return () => {
      stopTaking()
      opened.close()
    }
  }, [conversationId])

  const conversation = desk.conversations.find(conversationId)
  // Of this conversation alone: what was chosen for one customer never goes to another.
  const picking = useMemo(createPicking, [conversationId])
  const drop = useFileDrop(conversation && permissionsOf(conversation, desk).canWrite ? picking.add : null)
  const section = useRef<HTMLElement>(null)
  // The button one pressed is gone with the state it changed, or the field with what one may do.
  useEffect(() => {
    if (document.activeElement === document.body) section.current?.focus()
  }, [conversation?.status, conversation?.agent?.id])
  const t = texts.value
  if (open?.error.value) {
    return (
      <section class={styles.thread} aria-label={t.thread.unnamed}>
        <Banner tone="warning">{t.thread.missing}</Banner>
      </section>
    )
  }
  if (!open || !conversation) {
    return (
      <section class={styles.thread} aria-label={t.thread.unnamed}>
        <div class={styles.loading}>
          <Skeleton label={t.loading} lines={8} />
        </div>
      </section>
    )
  }
  return (
    <section
      ref={section}
      class={styles.thread}
      tabIndex={-1}
      aria-label={t.thread.label(plainCustomerName(conversation.customer))}
      {...drop.handlers}
    >
      <ThreadHeader conversation={conversation} view={view} />
      <Messages open={open} conversation={conversation} desk={desk} />
      <Foot open={open} conversation={conversation} desk={desk} view={view} picking={picking} />
      {drop.isOver && <DropHint />}
    </section>
  )
}

interface PartProps {
  open: OpenConversation<AgentConversation>
  conversation: AgentConversation
  desk: Desk
}

function Messages({ open, conversation, desk }: PartProps) {
  const isAtEnd = useSignal(true)
  const isInFront = useSignal(isBeforeEyes())
  const items = useComputed(() => open.items.value.map((item) => withName(item)))
  const newFromSeq = useRef<number | null>(null)
  const isMine = conversation.agent?.id === desk.agentId
  const t = texts.value

  useEffect(() => {
    const look = () => {
      isInFront.value = isBeforeEyes()
    }
    for (const [target, name] of watched) target.addEventListener(name, look)
    return () => {
      for (const [target, name] of watched) target.removeEventListener(name, look)
    }
  }, [])

  useSignalEffect(() => {
    const hasAny = open.items.value.length > 0
    if (hasAny && open.isLoaded.value && isAtEnd.value && isInFront.value && isMine) open.markRead('agent')
  })

  // Where the new ones began when the conversation was opened: it stays there while one reads on.
  if (newFromSeq.current === null && open.isLoaded.value) newFromSeq.current = firstNewSeq(open)

  const typing = open.typing.value.filter(({ userId }) => userId !== desk.agentId)
  return (
    <MessageList
      items={items.value}
      side="agent"
      isLoaded={open.isLoaded.value}
      hasOlder={firstHeldSeq(open.timeline.value) > 1}
      isLoadingOlder={open.isLoadingOlder.value}
      onOlder={() => void open.loadOlder()}
      onRetry={desk.outbox.retry}
      onRemove={desk.outbox.remove}
      files={desk.files}
      progress={desk.outbox.progress}
      isAtEnd={isAtEnd}
      newFromSeq={newFromSeq.current ?? 0}
      start={!open.isLoaded.value && <Skeleton label={t.loading} lines={6} />}
      end={typing.map(({ userId, role, preview }) => (
        <TypingIndicator key={userId} name={nameOf(userId, role, conversation, desk)} preview={preview} />
      ))}
    />
  )
}

function withName(item: TimelineItem): TimelineItem {
  if (item.senderRole !== 'customer') return item
  return { ...item, senderName: customerName({ id: item.senderId, name: item.senderName }) }
}

const watched: [EventTarget, string][] = [
  [window, 'focus'],
  [window, 'blur'],
  [document, 'visibilitychange'],
]

function isBeforeEyes(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus()
}

/** 0 where nothing is new, or where all of it is. */
function firstNewSeq(open: OpenConversation<AgentConversation>): number {
  const { agentReadSeq, messages } = open.timeline.value
  const first = messages.find(({ seq, senderRole }) => seq > agentReadSeq && senderRole === 'customer')
  return first && agentReadSeq > 0 ? first.seq : 0
}

function nameOf(userId: number, role: string, conversation: AgentConversation, desk: Desk): string {
  if (role === 'customer') return plainCustomerName(conversation.customer)
  return desk.team.agents.value.find(({ id }) => id === userId)?.name ?? ''
}

function Foot({ open, conversation, desk, view, picking }: PartProps & { view: ConversationView; picking: Picking }) {
  const field = useRef<HTMLTextAreaElement>(null)
  const draft = useMemo(() => openDraft(desk.storage, `conversation:${conversation.id}`), [conversation.id])
  useEffect(() => draft.close, [draft])
  const { canWrite } = permissionsOf(conversation, desk)
  const t = texts.value.thread
  const name = plainCustomerName(conversation.customer)

  useEffect(() => {
    if (canWrite && matchMedia('(hover: hover)').matches) field.current?.focus()
  }, [conversation.id, canWrite])

  if (!canWrite) return <StateBar conversation={conversation} view={view} />
  return (
    <>
      {!desk.storage.isDurable.value && <Banner tone="warning">{t.notKept}</Banner>}
      <Composer
        label={t.compose(name)}
        placeholder={matchMedia('(width >= 700px)').matches ? t.placeholder : t.placeholderShort}
        text={draft.text.value}
        fieldRef={field}
        onText={(text) => {
          draft.set(text)
          open.typingTeller.changed(text)
        }}
        picking={picking}
        onSend={(text) => {
          const sent = sendFiles(picking.take(), open.send)
          draft.sent(!hasVisibleCharacter(text) ? sent : sent.then(() => open.send(text)))
          open.typingTeller.stop()
        }}
      />
    </>
  )
}
