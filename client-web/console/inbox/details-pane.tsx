// Details of the customer and the conversation, and the button that blocks the customer.

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { AgentConversation } from '#protocol/entities.ts'
import { hasVisibleCharacter, stripBidiControls } from '#protocol/visible-text.ts'
import { formatDate, formatShortDateTime } from '../../shared/i18n/formats.ts'
import { languages } from '../../shared/i18n/language.ts'
import { personName } from '../../shared/person-name.ts'
import { Avatar } from '../../shared/ui/avatar.tsx'
import { Button, IconButton } from '../../shared/ui/button.tsx'
import { Dialog } from '../../shared/ui/dialog.tsx'
import { BlockIcon, CloseIcon } from '../../shared/ui/icons.tsx'
import { mailtoHref, pageLink } from '../customer-links.ts'
import { customerName, plainCustomerName } from '../customer-name.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { setBlocked } from './actions.ts'
import styles from './details-pane.module.css'
import { isOverThread, showDetails } from './details-visibility.ts'
import { VerifiedBadge } from './verified-badge.tsx'

export function DetailsPane({ conversation }: { conversation: AgentConversation }) {
  const t = texts.value.details
  const { customer, site, page, agent, status, createdAt, closedAt } = conversation
  const language = languages.find(({ value }) => value === customer.language)
  const close = useRef<HTMLSpanElement>(null)

  // As an overlay it hides the focused element, so it takes focus and returns it when it closes.
  useEffect(() => {
    if (!isOverThread.peek()) return
    const before = document.activeElement
    close.current?.querySelector('button')?.focus()
    return () => before instanceof HTMLElement && before.isConnected && before.focus()
  }, [])

  return (
    <aside class={styles.pane} aria-label={t.label}>
      <span ref={close} class={styles.close}>
        <IconButton label={texts.value.thread.hideDetails} icon={<CloseIcon />} onClick={() => showDetails(false)} />
      </span>
      <div class={styles.identity}>
        <Avatar id={customer.id} name={customerName(customer)} size="lg" />
        <h2>
          <bdi>{customerName(customer)}</bdi>
        </h2>
        {customer.name !== `#${customer.id}` && <VerifiedBadge isVerified={customer.isNameVerified} />}
        {customer.isBlocked && <p class={styles.blocked}>{t.blocked}</p>}
      </div>
      <dl class={styles.details}>
        {customer.externalId !== null && (
          <Fact name={t.externalId}>
            <bdi>{customer.externalId}</bdi> <VerifiedBadge isVerified />
          </Fact>
        )}
        <Fact name={t.email}>
          {customer.email ? (
            <>
              <Email email={customer.email} /> <VerifiedBadge isVerified={customer.isEmailVerified} />
            </>
          ) : (
            t.noEmail
          )}
        </Fact>
        {page && (
          <Fact name={t.page}>
            <StartPage page={page} />
          </Fact>
        )}
        <Fact name={t.site}>
          <bdi>{site.name}</bdi>
        </Fact>
        <Fact name={t.status}>{texts.value.conversationStatus[status]}</Fact>
        <Fact name={t.agent}>{agent ? <bdi>{personName(agent)}</bdi> : t.nobody}</Fact>
        <Fact name={t.started}>
          <time dateTime={createdAt}>{formatShortDateTime(createdAt)}</time>
        </Fact>
        {closedAt && (
          <Fact name={t.closed}>
            <time dateTime={closedAt}>{formatShortDateTime(closedAt)}</time>
          </Fact>
        )}
        <Fact name={t.customerSince}>
          <time dateTime={customer.createdAt}>{formatDate(customer.createdAt)}</time>
        </Fact>
        {language && <Fact name={t.language}>{language.label}</Fact>}
      </dl>
      <BlockCustomer conversation={conversation} />
    </aside>
  )
}

function Email({ email }: { email: string }) {
  const href = mailtoHref(email)
  const shown = <bdi>{email}</bdi>
  return href === null ? shown : <a href={href}>{shown}</a>
}

/** A page chooses its own title, so the host is shown beside it, with a mark if it is not an origin of the site. */
function StartPage({ page }: { page: NonNullable<AgentConversation['page']> }) {
  const link = pageLink(page.url)
  const title = <bdi>{hasVisibleCharacter(page.title) ? stripBidiControls(page.title) : page.url}</bdi>
  if (link === null) return title
  const isForeign = page.isForeign && new URL(link.href).origin !== location.origin
  return (
    <>
      <a href={link.href} target="_blank" rel="noreferrer noopener" title={link.href}>
        {title}
      </a>{' '}
      <bdi class={styles.host}>{link.host}</bdi>
      {isForeign && <span class={styles.foreign}>{texts.value.details.foreignPage}</span>}
    </>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function BlockCustomer({ conversation }: { conversation: AgentConversation }) {
  const workspace = useWorkspace()
  const [isAsking, setIsAsking] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const t = texts.value.details
  const { customer } = conversation

  async function set(blocked: boolean): Promise<void> {
    setIsBusy(true)
    const isDone = await setBlocked(workspace, conversation, blocked)
    setIsBusy(false)
    if (isDone) setIsAsking(false)
  }

  return (
    <div class={styles.block}>
      {customer.isBlocked ? (
        <Button size="sm" busy={isBusy} onClick={() => void set(false)}>
          {t.unblock}
        </Button>
      ) : (
        <Button size="sm" variant="quiet" icon={<BlockIcon size={18} />} onClick={() => setIsAsking(true)}>
          {t.block}
        </Button>
      )}
      {isAsking && (
        <Dialog
          title={t.blockTitle(plainCustomerName(customer))}
          closeLabel={texts.value.close}
          onClose={() => setIsAsking(false)}
          actions={
            <>
              <Button onClick={() => setIsAsking(false)}>{texts.value.cancel}</Button>
              <Button variant="danger" busy={isBusy} onClick={() => void set(true)}>
                {t.block}
              </Button>
            </>
          }
        >
          <p>{t.blockHint}</p>
        </Dialog>
      )}
    </div>
  )
}
