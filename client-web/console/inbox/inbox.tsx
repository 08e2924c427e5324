// The inbox: list, thread, details, as many side by side as the window has room for. What is selected stands in the address.

import { usePageTitle } from '../attention/page-title.ts'
import { useDesk } from '../desk/desk.ts'
import { route } from '../router.ts'
import { texts } from '../texts.ts'
import { ConversationList } from './conversation-list.tsx'
import styles from './inbox.module.css'
import { NothingSelected } from './nothing-selected.tsx'
import { Thread } from './thread.tsx'

export function Inbox() {
  const { conversations } = useDesk()
  const shown = route.value
  const selected = shown.page === 'inbox' ? shown.conversationId : null
  const view = shown.page === 'inbox' ? shown.view : 'queue'
  const name = selected === null ? undefined : conversations.find(selected)?.customer.name
  usePageTitle(name ?? texts.value.nav.inbox)
  return (
    <div class={`${styles.inbox} ${selected === null ? '' : styles.hasSelection}`}>
      <ConversationList view={view} selected={selected} />
      {selected === null ? <NothingSelected /> : <Thread key={selected} conversationId={selected} view={view} />}
    </div>
  )
}
