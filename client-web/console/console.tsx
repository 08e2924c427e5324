// Which screen: waiting for the session, the door, or the desk with the page the address names.

import { useEffect, useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { Banner } from '../shared/ui/banner.tsx'
import { Spinner } from '../shared/ui/loading.tsx'
import { AgentsPage } from './agents/agents-page.tsx'
import styles from './console.module.css'
import { Inbox } from './inbox/inbox.tsx'
import { Frame } from './layout/layout.tsx'
import { MissingPage } from './layout/not-found-page.tsx'
import { ProfilePage } from './profile/profile-page.tsx'
import { route } from './router.ts'
import { LoginPage } from './session/login-page.tsx'
import { session } from './session/session.ts'
import { SitesPage } from './sites/sites-page.tsx'
import { texts } from './texts.ts'
import { type Desk, DeskProvider, openDesk } from './workspace/workspace.ts'

export function Console() {
  const now = session.value
  if (now.phase === 'restoring') return <Restoring isUnreachable={now.isUnreachable} />
  if (now.phase === 'out') return <LoginPage hasEnded={now.hasEnded} />
  return <AtDesk key={now.user.id} user={now.user} />
}

function Restoring({ isUnreachable }: { isUnreachable: boolean }) {
  return (
    <main class={styles.restoring} aria-busy="true">
      <h1 class="visually-hidden">{texts.value.product}</h1>
      {isUnreachable ? <Banner tone="warning">{texts.value.unreachable}</Banner> : <Spinner size={28} />}
    </main>
  )
}

function AtDesk({ user }: { user: User }) {
  const [desk, setDesk] = useState<Desk | null>(null)

  useEffect(() => {
    const opened = openDesk(user)
    setDesk(opened)
    return opened.leave
  }, [user.id])

  if (!desk) return null
  return (
    <DeskProvider value={desk}>
      <Frame>
        <Page isAdmin={desk.isAdmin} />
      </Frame>
    </DeskProvider>
  )
}

function Page({ isAdmin }: { isAdmin: boolean }) {
  const { page } = route.value
  if (page === 'inbox') return <Inbox />
  if (page === 'profile') return <ProfilePage />
  if (page === 'agents' && isAdmin) return <AgentsPage />
  if (page === 'sites' && isAdmin) return <SitesPage />
  return <MissingPage />
}
