// One conversation in the list: who, the last words and whose, when, how many are unread, how long it has waited or who has it.

import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { now } from '../../shared/clock.ts'
import { formatCount, formatDateTime, formatDuration, formatStamp } from '../../shared/i18n/formats.ts'
import { Avatar } from '../../shared/ui/avatar.tsx'
import { ClipIcon, ClockIcon } from '../../shared/ui/icons.tsx'
import { customerName } from '../customer-name.ts'
import { useDesk } from '../desk/desk.ts'
import { belongsTo } from '../desk/views.ts'
import { paths } from '../router.ts'
import { texts } from '../texts.ts'
import styles from './conversation-row.module.css'

interface ConversationRowProps {
  conversation: AgentConversation
  view: ConversationView
  isSelected: boolean
}

const unreadCap = 99

export function ConversationRow({ conversation, view, isSelected }: ConversationRowProps) {
  const { agentId } = useDesk()
  const t = texts.value.list
  const { id, customer, agent, status, lastMessage, queuedAt, createdAt, updatedAt, unread } = conversation
  const hasAgentShown = status !== 'open' && view !== 'mine'
  const time = lastMessage?.createdAt ?? updatedAt
  const hasLeft = !belongsTo(conversation, view, agentId)
  return (
    <li class={`${styles.row} ${hasLeft ? styles.left : ''}`}>
      <a href={paths.conversation(id, view)} aria-current={isSelected ? 'true' : undefined}>
        <Avatar id={customer.id} name={customerName(customer)} />
        <span class={`${styles.words} ${unread > 0 ? styles.unread : ''}`}>
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
              {lastMessage ? lastWords(lastMessage, agentId) : t.noMessage}
            </span>
            {hasAgentShown && agent && (
              <span class={styles.agent} title={t.isWith(agent.name)}>
                <Avatar id={agent.id} name={agent.name} size="sm" />
                <span class="visually-hidden">{t.isWith(agent.name)}</span>
              </span>
            )}
            {unread > 0 && (
              <span class={styles.badge}>
                <span aria-hidden="true">{formatCount(unread, unreadCap)}</span>
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

function lastWords(message: NonNullable<AgentConversation['lastMessage']>, agentId: number): string {
  if (message.senderRole === 'customer') return message.content
  return texts.value.list.said(
    message.senderId === agentId ? texts.value.list.you : message.senderName,
    message.content,
  )
}
