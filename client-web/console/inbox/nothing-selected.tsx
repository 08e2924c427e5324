// Shown when no conversation is selected: first steps on a new installation, otherwise the team.

import { useEffect, useState } from 'preact/hooks'
import type { Site } from '#protocol/entities.ts'
import { wholeSnippet } from '../../shared/site/whole-snippet.ts'
import { CopyField } from '../../shared/ui/copy-field.tsx'
import { ChatIcon, ExternalIcon } from '../../shared/ui/icons.tsx'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import styles from './nothing-selected.module.css'
import { TeamList } from './team-list.tsx'

export function NothingSelected() {
  const counts = useWorkspace().counts.counts.value
  const isNew = counts !== null && counts.all + counts.closed === 0
  return (
    <section class={styles.middle} aria-label={texts.value.nothingSelected.title}>
      {counts !== null && (isNew ? <Welcome /> : <Overview />)}
    </section>
  )
}

function Overview() {
  const t = texts.value.nothingSelected
  return (
    <div class={styles.overview}>
      <ChatIcon size={32} />
      <h2>{t.title}</h2>
      <p>{t.hint}</p>
      <section aria-labelledby="team-heading">
        <h3 id="team-heading">{t.team}</h3>
        <TeamList />
      </section>
    </div>
  )
}

function Welcome() {
  const { isAdmin } = useWorkspace()
  const [site, setSite] = useState<Site | null>(null)
  const t = texts.value.welcome

  useEffect(() => {
    // Without the snippet the step still explains what to do; the Sites page has it too.
    if (isAdmin)
      callAsUser<{ sites: Site[] }>('/sites').then(
        ({ sites }) => setSite(sites[0] ?? null),
        () => undefined,
      )
  }, [isAdmin])

  return (
    <div class={styles.welcome}>
      <h2>{t.title}</h2>
      <p>{t.intro}</p>
      <ol>
        {isAdmin && (
          <li>
            <h3>{t.embed}</h3>
            <p>{t.embedHint}</p>
            {site && <CopyField text={wholeSnippet(site.snippet)} label={texts.value.sites.snippet} />}
          </li>
        )}
        <li>
          <h3>{t.tryIt}</h3>
          <p>{t.tryHint}</p>
          <p>
            <a href="/demo/" target="_blank" rel="noreferrer">
              {t.openDemo} <ExternalIcon size={16} />
            </a>
          </p>
        </li>
        <li>
          <h3>{t.answer}</h3>
          <p>{t.answerHint}</p>
        </li>
      </ol>
    </div>
  )
}
