// The header: shop name, agent or availability, language, and the close button.

import type { ReadonlySignal } from '@preact/signals'
import type { CustomerConversation, Language, Person } from '#protocol/entities.ts'
import { language, languages, setLanguage } from '../shared/i18n/language.ts'
import { plainName } from '../shared/person-name.ts'
import { Avatar } from '../shared/ui/avatar.tsx'
import { DownIcon, SitesIcon } from '../shared/ui/icons.tsx'
import styles from './header.module.css'
import { texts } from './texts.ts'
import type { Widget } from './widget.ts'

/** What the header shows of a widget. */
type HeaderWidget = Pick<Widget, 'isEmbedded' | 'close'> & {
  session: Pick<Widget['session'], 'site'>
  current: { open: ReadonlySignal<{ conversation: ReadonlySignal<CustomerConversation | null> } | null> }
}

export function Header({ widget }: { widget: HeaderWidget }) {
  const t = texts.value
  const site = widget.session.site.value
  const sitePerson = { id: 0, name: site?.name ?? t.shop }
  const person = answeringAgent(widget) ?? sitePerson
  return (
    <header class={styles.header}>
      <Avatar {...person} />
      <div class={styles.names}>
        <h1>
          <bdi>{sitePerson.name}</bdi>
        </h1>
        <p role="status" class={styles.status}>
          <Availability widget={widget} />
        </p>
      </div>
      <label class={styles.language} title={t.language}>
        <SitesIcon />
        <span class="visually-hidden">{t.language}</span>
        <select value={language.value} onChange={(event) => setLanguage(event.currentTarget.value as Language)}>
          {languages.map(({ value, label }) => (
            <option key={value} value={value} lang={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {widget.isEmbedded && (
        <button type="button" class={styles.close} title={t.close} aria-label={t.close} onClick={widget.close}>
          <DownIcon />
        </button>
      )}
    </header>
  )
}

function Availability({ widget }: { widget: HeaderWidget }) {
  const site = widget.session.site.value
  const agent = answeringAgent(widget)
  if (!site) return null
  const { withAgent, available, away } = texts.value
  if (agent) return <>{withAgent(plainName(agent))}</>
  return (
    <>
      <i class={site.available ? styles.available : styles.away} />
      {site.available ? available : away}
    </>
  )
}

function answeringAgent(widget: HeaderWidget): Person | null {
  const conversation = widget.current.open.value?.conversation.value
  return conversation?.status === 'pending' ? conversation.agent : null
}
