// For a URL that does not exist, or not for this user.

import { usePageTitle } from '../notifications/page-title.ts'
import { paths } from '../router.ts'
import { texts } from '../texts.ts'
import { PageShell } from './page-shell.tsx'

export function NotFoundPage() {
  const t = texts.value
  usePageTitle(t.notFound)
  return (
    <PageShell title={t.notFound}>
      <p>
        <a href={paths.inbox('queue')}>{t.toInbox}</a>
      </p>
    </PageShell>
  )
}
