// One conversation in the list: customer, last message, time, unread count, and the waiting time or the agent.

import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { now } from '../../shared/clock.ts'
import { formatCount, formatDateTime, formatDuration, formatStamp } from '../../shared/i18n/formats.ts'
import { plainName } from '../../shared/person-name.ts'
import { Avatar } from '../../shared/ui/avatar.tsx'
import { ClipIcon, ClockIcon } from '../../shared/ui/icons.tsx'
import { customerName } from '../customer-name.ts'
import { paths } from '../router.ts'
import { texts } from '../texts.ts'
import { belongsTo } from '../workspace/views.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import styles from './conversation-row.module.css'

interface ConversationRowProps {
  conversation: AgentConversation
  view: ConversationView
  isSelected: boolean
}

const maxUnreadShown = 99

export function ConversationRow({ conversation, view, isSelected }: ConversationRowProps) {
  const { agentId } = useWorkspace()
  const t = texts.value.list
  const { id, customer, agent, status, lastMessage, queuedAt, createdAt, updatedAt, unread } = conversation
  const showsAgent = status !== 'open' && view !== 'mine'
  const time = lastMessage?.createdAt ?? updatedAt
  const isOutdated = !belongsTo(conversation, view, agentId)
  return (
    <li class={`${styles.row} ${isOutdated ? styles.outdated : ''}`}>
      <a href={paths.conversation(id, view)} aria-current={isSelected ? 'true' : undefined}>
        <Avatar id={customer.id} name={customerName(customer)} />
        <span class={`${styles.body} ${unread > 0 ? styles.unread : ''}`}>
          <span class={styles.line}>
            <bdi class={styles.name}>{customerName(customer)}</bdi>
            <time class={styles.time} dateTime={time} title={formatDateTime(time)}>
              {formatStamp(time, now.value)}
            </time>
          </span>
          <span class={styles.line}>
            {lastMessage?.attachment && (
              <span class={styles.clip}>
                <ClipIcon size={14} />
              </span>
            )}
            <span class={styles.preview} dir="auto">
              {lastMessage ? previewText(lastMessage, agentId) : t.noMessage}
            </span>
            {showsAgent && agent && (
              <span class={styles.agent} title={t.assignedTo(plainName(agent))}>
                <Avatar id={agent.id} name={agent.name} size="sm" />
                <span class="visually-hidden">{t.assignedTo(plainName(agent))}</span>
              </span>
            )}
            {unread > 0 && (
              <span class={styles.badge}>
                <span aria-hidden="true">{formatCount(unread, maxUnreadShown)}</span>
                <span class="visually-hidden">{t.unread(unread)}</span>
              </span>
            )}
          </span>
          {status === 'open' && (
            <span class={styles.waiting}>
              <ClockIcon size={13} /> {t.waitingFor(formatDuration(queuedAt ?? createdAt, now.value))}
            </span>
          )}
        </span>
      </a>
    </li>
  )
}

function previewText(message: NonNullable<AgentConversation['lastMessage']>, agentId: number): string {
  if (message.senderRole === 'customer') return message.content
  return texts.value.list.sentBy(
    message.senderId === agentId ? texts.value.list.you : plainName({ id: message.senderId, name: message.senderName }),
    message.content,
  )
}
