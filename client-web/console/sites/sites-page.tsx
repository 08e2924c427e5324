// Admin page: manage sites and copy their embed code.

import { useState } from 'preact/hooks'
import type { Site } from '#protocol/entities.ts'
import { inSentence } from '#protocol/visible-text.ts'
import { wholeSnippet } from '../../shared/site/whole-snippet.ts'
import { Button } from '../../shared/ui/button.tsx'
import { CopyField } from '../../shared/ui/copy-field.tsx'
import { EditIcon, PlusIcon } from '../../shared/ui/icons.tsx'
import { ListStatus } from '../layout/list-status.tsx'
import { PageShell } from '../layout/page-shell.tsx'
import { usePageTitle } from '../notifications/page-title.ts'
import { texts } from '../texts.ts'
import { useRows } from '../use-rows.ts'
import { SiteDialog } from './site-dialog.tsx'
import { SiteIdentity } from './site-identity.tsx'
import styles from './sites-page.module.css'

export function SitesPage() {
  const { rows, error, reload, upsert } = useRows<Site>('/sites', 'sites')
  const [edited, setEdited] = useState<Site | 'new' | null>(null)
  const t = texts.value.sites
  usePageTitle(t.title)
  return (
    <PageShell
      title={t.title}
      intro={t.intro}
      action={
        <Button variant="primary" icon={<PlusIcon size={18} />} onClick={() => setEdited('new')}>
          {t.add}
        </Button>
      }
    >
      {rows === null ? (
        <ListStatus error={error} reload={reload} />
      ) : (
        <ul class={styles.sites}>
          {rows.map((site) => (
            <SiteCard key={site.id} site={site} onEdit={() => setEdited(site)} onSaved={upsert} />
          ))}
        </ul>
      )}
      {edited !== null && (
        <SiteDialog site={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onSaved={upsert} />
      )}
    </PageShell>
  )
}

interface SiteCardProps {
  site: Site
  onEdit: () => void
  onSaved: (site: Site) => void
}

function SiteCard({ site, onEdit, onSaved }: SiteCardProps) {
  const t = texts.value.sites
  return (
    <li class={styles.site}>
      <header class={styles.head}>
        <Swatch color={site.color} />
        <div>
          <h2>
            <bdi>{site.name}</bdi>
          </h2>
          <p>
            {site.origins.length > 0 ? site.origins.join(', ') : t.noOrigins}
            {' · '}
            {t.positions[site.position]}
          </p>
        </div>
        <Button size="sm" icon={<EditIcon size={16} />} aria-label={t.editOne(inSentence(site.name))} onClick={onEdit}>
          {texts.value.edit}
        </Button>
      </header>
      {site.greeting && (
        <blockquote class={styles.greeting} dir="auto">
          {site.greeting}
        </blockquote>
      )}
      <p class={styles.hint}>{t.snippetHint}</p>
      <CopyField text={wholeSnippet(site.snippet)} label={t.snippet} />
      <SiteIdentity site={site} onSaved={onSaved} />
    </li>
  )
}

/** Previews the launcher in the site's colour. */
function Swatch({ color }: { color: string }) {
  return (
    <svg class={styles.swatch} width="36" height="36" viewBox="0 0 36 36" aria-hidden="true">
      <rect width="36" height="36" rx="10" fill={color} />
      <path d="M11 15h14M11 21h8" stroke="#fff" stroke-width="2.5" stroke-linecap="round" />
    </svg>
  )
}
