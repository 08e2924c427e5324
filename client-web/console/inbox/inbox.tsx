// The inbox: list, thread and details, as many as fit side by side. The URL holds the selection.

import { useEffect, useRef } from 'preact/hooks'
import { plainCustomerName } from '../customer-name.ts'
import { usePageTitle } from '../notifications/page-title.ts'
import { route } from '../router.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { ConversationList } from './conversation-list.tsx'
import { DetailsPane } from './details-pane.tsx'
import { isDetailsShown, leaveOverlay } from './details-visibility.ts'
import styles from './inbox.module.css'
import { NothingSelected } from './nothing-selected.tsx'
import { Thread } from './thread.tsx'

export function Inbox() {
  const { conversations } = useWorkspace()
  const shown = route.value
  const selected = shown.page === 'inbox' ? shown.conversationId : null
  const view = shown.page === 'inbox' ? shown.view : 'queue'
  const conversation = selected === null ? undefined : conversations.find(selected)
  usePageTitle(conversation ? plainCustomerName(conversation.customer) : texts.value.nav.inbox)
  useEffect(leaveOverlay, [selected])
  const main = useRef<HTMLElement>(null)
  // The login form had focus and has been removed.
  useEffect(() => {
    if (document.activeElement === document.body) main.current?.focus()
  }, [])
  return (
    <div class={styles.inbox}>
      <main ref={main} id="main" class={`${styles.main} ${selected === null ? '' : styles.hasSelection}`} tabIndex={-1}>
        <h1 class="visually-hidden">{texts.value.nav.inbox}</h1>
        <ConversationList view={view} selected={selected} />
        {selected === null ? <NothingSelected /> : <Thread key={selected} conversationId={selected} view={view} />}
      </main>
      {conversation && isDetailsShown.value && <DetailsPane conversation={conversation} />}
    </div>
  )
}
