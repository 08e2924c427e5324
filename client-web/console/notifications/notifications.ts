// Alerts an agent to a waiting conversation, or a new message in one of their own; after a connection gap once to
// everything new. The title always shows the count. Sound and desktop notification come from one tab only, not twice
// for the same, and not for a conversation that is on screen.

import { computed, effect, type ReadonlySignal } from '@preact/signals'
import type { AgentConversation } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { formatCount, formatList } from '../../shared/i18n/formats.ts'
import { openChannel } from '../../shared/storage/tabs.ts'
import { plainCustomerName } from '../customer-name.ts'
import { navigate, paths, route } from '../router.ts'
import { texts } from '../texts.ts'
import type { Conversations } from '../workspace/conversations.ts'
import type { Counts } from '../workspace/counts.ts'
import { alertKey, type ConversationEvent } from './alerts.ts'
import { showDesktopNotification } from './desktop-notifications.ts'
import { type Alert, watchMissedAlerts } from './missed-alerts.ts'
import { setTitleCount } from './page-title.ts'
import { playSound } from './sound.ts'
import { claimAlert, claimTogether } from './tab-leader.ts'

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
  const count = computed(() => {
    const { queue = 0, unread = 0 } = counts.counts.value ?? {}
    return queue + unread
  })
  /** The last alert key of each conversation, in this tab or another: later changes with the same key are silent. */
  const lastAlerts = new Map<number, string>()
  const channel = openChannel(`kefu:alerts:${agentId}`)

  function onConversationEvent({ conversation, change }: ConversationEvent): void {
    const agentConversation = conversation as AgentConversation
    const { id, status, agent } = agentConversation
    // A conversation that comes back alerts again.
    if (status !== 'open' && agent?.id !== agentId) lastAlerts.delete(id)
    const key = alertKey(agentConversation, change, agentId)
    if (key === null) return
    const alert = { conversation: agentConversation, key }
    if (!missedAlerts.hold(alert)) void alertAll([alert])
  }

  function isNew(id: number, key: string): boolean {
    if (lastAlerts.get(id) === key) return false
    lastAlerts.set(id, key)
    return true
  }

  /** What needs the agent when the page opens is on the screen, and nothing new. */
  function onMissed(found: Alert[], held: Alert[], isFirst: boolean): void {
    if (isFirst) for (const { conversation, key } of found) lastAlerts.set(conversation.id, key)
    void alertAll(isFirst ? held : [...found, ...held])
  }

  async function alertAll(alerts: readonly Alert[]): Promise<void> {
    const fresh = alerts.filter(({ conversation, key }) => isNew(conversation.id, key))
    if (fresh.length === 0) return
    announce(fresh.length === 1 ? await claimAll(fresh) : await claimTogether(() => claimAll(fresh)))
  }

  async function claimAll(alerts: readonly Alert[]): Promise<Alert[]> {
    const won = await Promise.all(alerts.map(claim))
    return alerts.filter((_, index) => won[index])
  }

  /** Whether this tab has to announce it. Tabs that are still without a connection learn that it is done. */
  async function claim({ conversation: { id }, key }: Alert): Promise<boolean> {
    const isOnScreen = isShown(id)
    if (!(await claimAlert(`${id}:${key}`, isOnScreen))) return false
    channel?.postMessage([id, key])
    return !isOnScreen
  }

  function announce(alerts: readonly Alert[]): void {
    const [first] = alerts
    if (!first) return
    void playSound()
    showDesktopNotification(alerts.length === 1 ? notificationOf(first) : gatheredNotification(alerts))
  }

  if (channel) channel.onmessage = ({ data: [id, key] }) => lastAlerts.set(id, key)
  const missedAlerts = watchMissedAlerts({ connection, conversations, agentId, onFound: onMissed })
  const undo = [
    missedAlerts.stop,
    connection.on('conversation:created', onConversationEvent),
    connection.on('conversation:updated', onConversationEvent),
    effect(() => setTitleCount(count.value)),
  ]
  return {
    count,
    stop() {
      for (const each of undo) each()
      channel?.close()
      setTitleCount(0)
    },
  }
}

function notificationOf({ conversation }: Alert) {
  const { id, status, customer, lastMessage } = conversation
  const { waitingAlert, messageAlert } = texts.value.notifications
  const name = plainCustomerName(customer)
  return {
    title: status === 'open' ? waitingAlert(name) : messageAlert(name),
    body: stripBidiControls(lastMessage?.content ?? ''),
    tag: `conversation-${id}`,
    onClick: () => navigate(paths.conversation(id, status === 'open' ? 'queue' : 'mine')),
  }
}

/** One for everything that is new since a connection gap. */
function gatheredNotification(alerts: readonly Alert[]) {
  const isAnyWaiting = alerts.some(({ conversation }) => conversation.status === 'open')
  return {
    title: texts.value.notifications.missed(alerts.length, formatCount(alerts.length, limits.countCap)),
    body: formatList(alerts.map(({ conversation }) => plainCustomerName(conversation.customer))),
    tag: 'missed',
    onClick: () => navigate(paths.inbox(isAnyWaiting ? 'queue' : 'mine')),
  }
}

function isShown(conversationId: number): boolean {
  const shown = route.peek()
  return shown.page === 'inbox' && shown.conversationId === conversationId && document.hasFocus()
}
