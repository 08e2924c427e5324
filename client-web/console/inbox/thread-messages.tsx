// The messages of the open conversation. They are marked read while the page has focus and the newest one is in view.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { AgentConversation } from '#protocol/entities.ts'
import { MessageList } from '../../shared/conversation/message-list.tsx'
import { TypingIndicator } from '../../shared/conversation/typing-indicator.tsx'
import { plainName } from '../../shared/person-name.ts'
import type { TimelineItem } from '../../shared/timeline/items.ts'
import type { OpenConversation } from '../../shared/timeline/open-conversation.ts'
import { firstLoadedSeq } from '../../shared/timeline/timeline.ts'
import { Skeleton } from '../../shared/ui/loading.tsx'
import { customerName, plainCustomerName } from '../customer-name.ts'
import { texts } from '../texts.ts'
import { useWorkspace, type Workspace } from '../workspace/workspace.ts'

interface ThreadMessagesProps {
  open: OpenConversation<AgentConversation>
  conversation: AgentConversation
}

export function ThreadMessages({ open, conversation }: ThreadMessagesProps) {
  const workspace = useWorkspace()
  const isAtEnd = useSignal(true)
  const isFocused = useSignal(isPageFocused())
  const items = useComputed(() => open.items.value.map((item) => withName(item)))
  const newFromSeq = useRef<number | null>(null)
  const isMine = conversation.agent?.id === workspace.agentId
  const t = texts.value

  useEffect(() => {
    const update = () => {
      isFocused.value = isPageFocused()
    }
    for (const [target, name] of focusEvents) target.addEventListener(name, update)
    return () => {
      for (const [target, name] of focusEvents) target.removeEventListener(name, update)
    }
  }, [])

  useSignalEffect(() => {
    const hasAny = open.items.value.length > 0
    if (hasAny && open.isLoaded.value && isAtEnd.value && isFocused.value && isMine) open.markRead('agent')
  })

  // Where the new messages began when the conversation was opened. The divider does not move afterwards.
  if (newFromSeq.current === null && open.isLoaded.value) newFromSeq.current = firstNewSeq(open)

  const typing = open.typing.value.filter(({ userId }) => userId !== workspace.agentId)
  return (
    <MessageList
      items={items.value}
      side="agent"
      isLoaded={open.isLoaded.value}
      hasOlder={firstLoadedSeq(open.timeline.value) > 1}
      isLoadingOlder={open.isLoadingOlder.value}
      onOlder={() => void open.loadOlder()}
      onRetry={workspace.outbox.retry}
      onRemove={workspace.outbox.remove}
      files={workspace.files}
      progress={workspace.outbox.progress}
      isAtEnd={isAtEnd}
      newFromSeq={newFromSeq.current ?? 0}
      start={!open.isLoaded.value && <Skeleton label={t.loading} lines={6} />}
      end={typing.map(({ userId, role, preview }) => (
        <TypingIndicator key={userId} name={nameOf(userId, role, conversation, workspace)} preview={preview} />
      ))}
    />
  )
}

function withName(item: TimelineItem): TimelineItem {
  if (item.senderRole !== 'customer') return item
  return { ...item, senderName: customerName({ id: item.senderId, name: item.senderName }) }
}

const focusEvents: [EventTarget, string][] = [
  [window, 'focus'],
  [window, 'blur'],
  [document, 'visibilitychange'],
]

function isPageFocused(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus()
}

/** 0 if nothing is new or everything is. */
function firstNewSeq(open: OpenConversation<AgentConversation>): number {
  const { agentReadSeq, messages } = open.timeline.value
  const first = messages.find(({ seq, senderRole }) => seq > agentReadSeq && senderRole === 'customer')
  return first && agentReadSeq > 0 ? first.seq : 0
}

function nameOf(userId: number, role: string, conversation: AgentConversation, workspace: Workspace): string {
  if (role === 'customer') return plainCustomerName(conversation.customer)
  const agent = workspace.team.agents.value.find(({ id }) => id === userId)
  return agent ? plainName(agent) : ''
}
