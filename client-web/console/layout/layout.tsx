// The layout around every page after login: navigation, account menu, connection banner, toasts.

import type { ComponentChildren } from 'preact'
import { NewVersionBanner } from '../../shared/release/new-version-banner.tsx'
import { AgentsIcon, InboxIcon, KefuMark, SitesIcon } from '../../shared/ui/icons.tsx'
import { paths, route } from '../router.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { AccountMenu } from './account-menu.tsx'
import { ConnectionBanner } from './connection-banner.tsx'
import styles from './layout.module.css'
import { Toast } from './toast.tsx'

export function Layout({ children }: { children: ComponentChildren }) {
  const { isAdmin, counts } = useWorkspace()
  const t = texts.value
  const { page } = route.value
  const isThread = route.value.page === 'inbox' && route.value.conversationId !== null
  const waiting = counts.counts.value?.queue ?? 0
  return (
    <div class={`${styles.layout} ${isThread ? styles.inThread : ''}`}>
      <a class={styles.skip} href="#main">
        {t.skipToContent}
      </a>
      <nav class={styles.rail} aria-label={t.nav.label}>
        <span class={styles.mark}>
          <KefuMark />
        </span>
        <RailLink href={paths.inbox('queue')} isCurrent={page === 'inbox'} label={t.nav.inbox} hasDot={waiting > 0}>
          <InboxIcon size={22} />
        </RailLink>
        {isAdmin && (
          <>
            <RailLink href={paths.agents} isCurrent={page === 'agents'} label={t.nav.agents}>
              <AgentsIcon size={22} />
            </RailLink>
            <RailLink href={paths.sites} isCurrent={page === 'sites'} label={t.nav.sites}>
              <SitesIcon size={22} />
            </RailLink>
          </>
        )}
        <AccountMenu />
      </nav>
      <div class={styles.content}>
        <ConnectionBanner />
        <NewVersionBanner />
        {children}
      </div>
      <Toast />
    </div>
  )
}

interface RailLinkProps {
  href: string
  isCurrent: boolean
  label: string
  hasDot?: boolean
  children: ComponentChildren
}

function RailLink({ href, isCurrent, label, hasDot = false, children }: RailLinkProps) {
  return (
    <a class={styles.link} href={href} aria-current={isCurrent ? 'page' : undefined}>
      <span class={styles.icon}>
        {children}
        {hasDot && <span class={styles.dot} />}
      </span>
      {label}
    </a>
  )
}
