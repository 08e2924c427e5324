// The parts that only the widget has: header, status below the messages, email card, offline banner.

import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { CustomerConversation } from '#protocol/entities.ts'
import { language } from '../../shared/i18n/language.ts'
import { ConversationStatus } from '../../widget/conversation-status.tsx'
import { Header } from '../../widget/header.tsx'
import { OfflineBanner } from '../../widget/offline-banner.tsx'
import { sampleConnection } from '../samples/connection.ts'
import { closed, conversation, waiting } from '../samples/conversations.ts'
import { sampleSession } from '../samples/customer-session.ts'
import { Specimen } from '../specimen.tsx'

const asCustomer = ({ site: _, page: __, ...shared }: ReturnType<typeof conversation>): CustomerConversation => ({
  ...shared,
  customer: { id: shared.customer.id, name: shared.customer.name },
})

interface StatusProps {
  isAvailable: boolean
  sample?: () => ReturnType<typeof conversation>
  email?: string
  isVerified?: boolean
}

export function WidgetParts() {
  return (
    <>
      <Specimen label="Header available" layout="pane">
        <SampleHeader isAvailable />
      </Specimen>
      <Specimen label="Header away, on a page of its own" layout="pane">
        <SampleHeader isAvailable={false} isEmbedded={false} />
      </Specimen>
      <Specimen label="Header with an agent" layout="pane">
        <SampleHeader isAvailable sample={conversation} />
      </Specimen>
      <Specimen label="ConversationStatus waiting, waiting while away, closed" layout="column">
        <Status isAvailable sample={waiting} />
        <Status isAvailable={false} sample={waiting} email="emma@inbox.example" />
        <Status isAvailable sample={closed} />
      </Specimen>
      <Specimen label="EmailCard" layout="column">
        <Status isAvailable={false} />
      </Specimen>
      <Specimen label="EmailCard saved, verified" layout="column">
        <Status isAvailable={false} email="emma@inbox.example" />
        <Status isAvailable={false} email="emma@inbox.example" isVerified />
      </Specimen>
      <Specimen label="OfflineBanner" layout="column">
        <OfflineBanner connection={useMemo(() => sampleConnection({}, { phase: 'offline', since: 0 }), [])} />
      </Specimen>
    </>
  )
}

function SampleHeader({ isAvailable, isEmbedded = true, sample }: StatusProps & { isEmbedded?: boolean }) {
  const widget = useMemo(() => {
    const shown = sample ? asCustomer(sample()) : null
    return {
      session: sampleSession({ isAvailable }),
      current: { open: signal(shown && { conversation: signal(shown) }) },
      isEmbedded,
      close() {},
    }
  }, [language.value])
  return <Header widget={widget} />
}

function Status({ isAvailable, sample, email, isVerified = false }: StatusProps) {
  const session = useMemo(() => sampleSession({ isAvailable, email: email ?? null, isVerified }), [language.value])
  return <ConversationStatus session={session} conversation={sample ? asCustomer(sample()) : null} />
}
