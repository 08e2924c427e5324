// Alerts an agent to a waiting conversation, or a new message in one of their own. The title always shows the
// count. Sound and desktop notification come from one tab only, and not for a conversation that is on screen.

import { computed, effect, type ReadonlySignal } from '@preact/signals'
import type { AgentConversation } from '#protocol/entities.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { customerName } from '../customer-name.ts'
import { navigate, paths, route } from '../router.ts'
import { texts } from '../texts.ts'
import type { Conversations } from '../workspace/conversations.ts'
import type { Counts } from '../workspace/counts.ts'
import { alertKey, type ConversationEvent } from './alerts.ts'
import { showDesktopNotification } from './desktop-notifications.ts'
import { setTitleCount } from './page-title.ts'
import { playSound } from './sound.ts'
import { claimAlert } from './tab-leader.ts'

export interface Notifications {
  /** Conversations in the queue, plus the agent's own with unread messages. */
  count: ReadonlySignal<number>
  stop(): void
}

interface NotificationsOptions {
  connection: Connection
  conversations: Conversations
  counts: Counts
  agentId: number
}

export function watchNotifications({
  connection,
  conversations,
  counts,
  agentId,
}: NotificationsOptions): Notifications {
  const ownUnread = computed(() => conversations.rows('mine').filter(({ unread }) => unread > 0).length)
  const count = computed(() => (counts.counts.value?.queue ?? 0) + ownUnread.value)
  /** The last alert key of each conversation: later changes with the same key are silent. */
  const lastAlerts = new Map<number, string>()

  function onConversationEvent({ conversation, change }: ConversationEvent): void {
    const agentConversation = conversation as AgentConversation
    const key = alertKey(agentConversation, change, agentId)
    if (key === null || lastAlerts.get(agentConversation.id) === key) return
    lastAlerts.set(agentConversation.id, key)
    void alert(agentConversation, key)
  }

  async function alert(conversation: AgentConversation, key: string): Promise<void> {
    const isOnScreen = isShown(conversation.id)
    if (!(await claimAlert(`${conversation.id}:${key}`, isOnScreen)) || isOnScreen) return
    void playSound()
    const { waitingAlert, messageAlert } = texts.value.notifications
    const name = customerName(conversation.customer)
    showDesktopNotification({
      title: conversation.status === 'open' ? waitingAlert(name) : messageAlert(name),
      body: conversation.lastMessage?.content ?? '',
      tag: `conversation-${conversation.id}`,
      onClick: () => navigate(paths.conversation(conversation.id, conversation.status === 'open' ? 'queue' : 'mine')),
    })
  }

  const undo = [
    connection.on('conversation:created', onConversationEvent),
    connection.on('conversation:updated', onConversationEvent),
    effect(() => setTitleCount(count.value)),
  ]
  return {
    count,
    stop() {
      for (const each of undo) each()
      setTitleCount(0)
    },
  }
}

function isShown(conversationId: number): boolean {
  const shown = route.peek()
  return shown.page === 'inbox' && shown.conversationId === conversationId && document.hasFocus()
}
