// One conversation: header, messages, and the reply area.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { DropHint } from '../../shared/attachments/drop-hint.tsx'
import { createFileSelection } from '../../shared/attachments/file-selection.ts'
import { useFileDrop } from '../../shared/attachments/use-file-drop.ts'
import { type OpenConversation, openConversation } from '../../shared/timeline/open-conversation.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { Skeleton } from '../../shared/ui/loading.tsx'
import { plainCustomerName } from '../customer-name.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { permissionsOf } from './actions.ts'
import { ReplyArea } from './reply-area.tsx'
import styles from './thread.module.css'
import { ThreadHeader } from './thread-header.tsx'
import { ThreadMessages } from './thread-messages.tsx'

interface ThreadProps {
  conversationId: number
  view: ConversationView
}

export function Thread({ conversationId, view }: ThreadProps) {
  const workspace = useWorkspace()
  const [open, setOpen] = useState<OpenConversation<AgentConversation> | null>(null)

  useEffect(() => {
    const initial = workspace.conversations.find(conversationId)
    const { connection, outbox, self } = workspace
    const opened = openConversation<AgentConversation>({
      connection,
      outbox,
      conversationId,
      self,
      ...(initial && { initial }),
    })
    const unsubscribe = opened.conversation.subscribe(
      (conversation) => conversation && workspace.conversations.merge(conversation),
    )
    setOpen(opened)
    return () => {
      unsubscribe()
      opened.close()
    }
  }, [conversationId])

  const conversation = workspace.conversations.find(conversationId)
  // One selection per conversation, so that a file chosen for one customer never goes to another.
  const selection = useMemo(createFileSelection, [conversationId])
  const drop = useFileDrop(conversation && permissionsOf(conversation, workspace).canWrite ? selection.add : null)
  const section = useRef<HTMLElement>(null)
  // An action or a change of permissions may have removed the focused element.
  useEffect(() => {
    if (document.activeElement === document.body) section.current?.focus({ preventScroll: true })
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
      <ThreadMessages open={open} conversation={conversation} />
      <ReplyArea open={open} conversation={conversation} view={view} selection={selection} />
      {drop.isOver && <DropHint />}
    </section>
  )
}
