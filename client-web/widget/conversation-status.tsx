// The conversation's status below the messages: waiting, closed, or nobody available and a form for the email address.

import type { CustomerConversation } from '#protocol/entities.ts'
import { CheckIcon, ClockIcon } from '../shared/ui/icons.tsx'
import styles from './conversation-status.module.css'
import type { CustomerSession } from './customer-session.ts'
import { EmailCard } from './email-card.tsx'
import { texts } from './texts.ts'

interface ConversationStatusProps {
  session: CustomerSession
  conversation: CustomerConversation | null
}

export function ConversationStatus({ session, conversation }: ConversationStatusProps) {
  const site = session.site.value
  if (!site) return null
  const { waiting, waitingAway, closed } = texts.value
  const isWaiting = conversation?.status === 'open' && conversation.lastSeq > 0
  return (
    <>
      {isWaiting && (
        <p class={styles.line}>
          <ClockIcon size={16} /> {site.available ? waiting : waitingAway}
        </p>
      )}
      {conversation?.status === 'closed' && (
        <p class={styles.line}>
          <CheckIcon size={16} /> {closed}
        </p>
      )}
      {!site.available && conversation?.status !== 'pending' && <EmailCard session={session} />}
    </>
  )
}
