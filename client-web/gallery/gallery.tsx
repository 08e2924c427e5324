// The page: switches for theme and language, and the sections.

import { usePageTitle } from '../console/notifications/page-title.ts'
import { themes } from '../console/preferences.ts'
import { language, languages } from '../shared/i18n/language.ts'
import { SelectField } from '../shared/ui/field.tsx'
import { queryOf, section, theme } from './choices.ts'
import styles from './gallery.module.css'
import { Attachments } from './sections/attachments.tsx'
import { Composers } from './sections/composers.tsx'
import { Controls } from './sections/controls.tsx'
import { Dialogs } from './sections/dialogs.tsx'
import { Fields } from './sections/fields.tsx'
import { Lists } from './sections/lists.tsx'
import { Messages } from './sections/messages.tsx'
import { Notices } from './sections/notices.tsx'
import { People } from './sections/people.tsx'
import { Tables } from './sections/tables.tsx'
import { Threads } from './sections/threads.tsx'
import { WidgetParts } from './sections/widget-parts.tsx'
import { Section, type SectionName } from './specimen.tsx'
import { texts } from './texts.ts'

const sections: Record<SectionName, () => preact.JSX.Element> = {
  controls: Controls,
  fields: Fields,
  people: People,
  notices: Notices,
  messages: Messages,
  attachments: Attachments,
  composer: Composers,
  lists: Lists,
  thread: Threads,
  dialogs: Dialogs,
  tables: Tables,
  widget: WidgetParts,
}

export function Gallery() {
  const t = texts.value
  usePageTitle(t.title)
  const names = Object.keys(sections) as SectionName[]
  return (
    <div class={styles.page}>
      <header class={styles.header}>
        <div>
          <h1>{t.title}</h1>
          <p>{t.intro}</p>
        </div>
        <div class={styles.choices}>
          <SelectField
            label={t.theme}
            options={themes.map((value) => ({ value, label: t.themes[value] }))}
            value={theme.value}
            onChange={(event) => {
              theme.value = themes.find((value) => value === event.currentTarget.value) ?? 'system'
            }}
          />
          <SelectField
            label={t.language}
            options={languages}
            value={language.value}
            onChange={(event) => {
              language.value = languages.find(({ value }) => value === event.currentTarget.value)?.value ?? 'en'
            }}
          />
        </div>
      </header>
      <nav class={styles.sections} aria-label={t.title}>
        {[null, ...names].map((name) => (
          <a key={name} href={queryOf(name)} aria-current={name === section ? 'page' : undefined}>
            {name === null ? t.all : t.sections[name]}
          </a>
        ))}
      </nav>
      <main>
        {names
          .filter((name) => section === null || section === name)
          .map((name) => {
            const Content = sections[name]
            return (
              <Section key={name} name={name}>
                <Content />
              </Section>
            )
          })}
      </main>
    </div>
  )
}
