// Chooses the screen: restoring the session, the login page, or the page that the route names.

import { useEffect, useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { Banner } from '../shared/ui/banner.tsx'
import { Spinner } from '../shared/ui/loading.tsx'
import { AgentsPage } from './agents/agents-page.tsx'
import styles from './console.module.css'
import { Inbox } from './inbox/inbox.tsx'
import { Layout } from './layout/layout.tsx'
import { NotFoundPage } from './layout/not-found-page.tsx'
import { ProfilePage } from './profile/profile-page.tsx'
import { route } from './router.ts'
import { LoginPage } from './session/login-page.tsx'
import { session } from './session/session.ts'
import { SitesPage } from './sites/sites-page.tsx'
import { texts } from './texts.ts'
import { createWorkspace, type Workspace, WorkspaceProvider } from './workspace/workspace.ts'

export function Console() {
  const current = session.value
  if (current.phase === 'restoring') return <Restoring isUnreachable={current.isUnreachable} />
  if (current.phase === 'out') return <LoginPage hasEnded={current.hasEnded} />
  return <LoggedIn key={current.user.id} user={current.user} />
}

function Restoring({ isUnreachable }: { isUnreachable: boolean }) {
  return (
    <main class={styles.restoring} aria-busy="true">
      <h1 class="visually-hidden">{texts.value.product}</h1>
      {isUnreachable ? <Banner tone="warning">{texts.value.unreachable}</Banner> : <Spinner size={28} />}
    </main>
  )
}

function LoggedIn({ user }: { user: User }) {
  const [workspace, setWorkspace] = useState<Workspace | null>(null)

  useEffect(() => {
    const created = createWorkspace(user)
    setWorkspace(created)
    return created.close
  }, [user.id])

  if (!workspace) return null
  return (
    <WorkspaceProvider value={workspace}>
      <Layout>
        <Page isAdmin={workspace.isAdmin} />
      </Layout>
    </WorkspaceProvider>
  )
}

function Page({ isAdmin }: { isAdmin: boolean }) {
  const { page } = route.value
  if (page === 'inbox') return <Inbox />
  if (page === 'profile') return <ProfilePage />
  if (page === 'agents' && isAdmin) return <AgentsPage />
  if (page === 'sites' && isAdmin) return <SitesPage />
  return <NotFoundPage />
}
