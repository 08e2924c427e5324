// Calls an agent to what needs one: a conversation that begins to wait, a customer's new words in one's own. Title count always;
// sound and notification only for what is not on screen, and from one tab alone. What one reads already rings for nobody.

import { computed, effect, type ReadonlySignal } from '@preact/signals'
import type { AgentConversation } from '#protocol/entities.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { plainCustomerName } from '../customer-name.ts'
import type { Conversations } from '../desk/conversations.ts'
import type { Counts } from '../desk/counts.ts'
import { navigate, paths, route } from '../router.ts'
import { texts } from '../texts.ts'
import { callOf, type Told } from './calls.ts'
import { notify } from './notifications.ts'
import { takeTurn } from './one-tab.ts'
import { setTitleCount } from './page-title.ts'
import { ring } from './sound.ts'

export interface Attention {
  /** Conversations that wait, and one's own with unread messages. */
  count: ReadonlySignal<number>
  stop(): void
}

interface AttentionParts {
  connection: Connection
  conversations: Conversations
  counts: Counts
  agentId: number
}

export function watchAttention({ connection, conversations, counts, agentId }: AttentionParts): Attention {
  const ownUnread = computed(() => conversations.rows('mine').filter(({ unread }) => unread > 0).length)
  const count = computed(() => (counts.counts.value?.queue ?? 0) + ownUnread.value)
  /** The newest customer message or queue time that has rung, by conversation, so that no change of it rings twice. */
  const rung = new Map<number, string>()

  function hear({ conversation, change }: Told): void {
    const told = conversation as AgentConversation
    const call = callOf(told, change, agentId)
    if (call === null || rung.get(told.id) === call) return
    rung.set(told.id, call)
    void alert(told, call)
  }

  async function alert(conversation: AgentConversation, call: string): Promise<void> {
    const isOnScreen = isShown(conversation.id)
    if (!(await takeTurn(`${conversation.id}:${call}`, isOnScreen)) || isOnScreen) return
    void ring()
    const { waitingAlert, messageAlert } = texts.value.attention
    const name = plainCustomerName(conversation.customer)
    notify({
      title: conversation.status === 'open' ? waitingAlert(name) : messageAlert(name),
      body: conversation.lastMessage?.content ?? '',
      tag: `conversation-${conversation.id}`,
      onClick: () => navigate(paths.conversation(conversation.id, conversation.status === 'open' ? 'queue' : 'mine')),
    })
  }

  const undo = [
    connection.on('conversation:created', hear),
    connection.on('conversation:updated', hear),
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
