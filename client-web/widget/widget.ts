// The customer's side as a whole: a session made when somebody means to write, its connection, the conversation, and the page around it.

import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals'
import type { Page } from '#protocol/entities.ts'
import type { FromPage } from '../loader/frame-protocol.ts'
import { createFileSelection, type FileSelection, sendFiles } from '../shared/attachments/file-selection.ts'
import { type Files, openFiles } from '../shared/attachments/files.ts'
import { type Connection, createConnection } from '../shared/connection/connection.ts'
import { type Draft, openDraft } from '../shared/storage/draft.ts'
import { openStorage } from '../shared/storage/storage.ts'
import { type CurrentConversation, findCurrentConversation } from './current-conversation.ts'
import { type CustomerSession, openCustomerSession } from './customer-session.ts'
import type { IdentityClaims } from './identity.ts'
import { cleanPage } from './page.ts'
import { listenForPage, type PagePort } from './page-port.ts'

export interface Widget {
  session: CustomerSession
  current: CurrentConversation
  draft: Draft
  connection: ReadonlySignal<Connection | null>
  /** Why there is nothing to see here; null while all is well. */
  refusal: ReadonlySignal<'unknownSite' | 'notAllowed' | 'identityRequired' | null>
  /** It is certain whose words may be shown here: an embedding page has had its say, and nobody is taking another's place. */
  isSettled: ReadonlySignal<boolean>
  /** The panel shows: an embedded one when its page says so, a page of its own always. */
  isOpen: ReadonlySignal<boolean>
  isEmbedded: boolean
  /** Rises each time the cursor should go into the field. */
  focusRequests: ReadonlySignal<number>
  /** Set by the list: the newest message is in sight. */
  isAtEnd: Signal<boolean>
  isDurable: ReadonlySignal<boolean>
  files: Files
  selection: FileSelection
  send(text: string): void
  close(): void
}

export function startWidget(siteKey: string | null): Widget {
  const isEmbedded = window.parent !== window
  const storage = openStorage(`kefu:${siteKey ?? 'default'}:`)
  const session = openCustomerSession({
    storage,
    siteKey,
    clearOutbox: () => current.outbox.clear(),
    onIdentityRejected: ({ code }) => port.value?.send({ type: 'error', code }),
  })
  const connection = signal<Connection | null>(null)
  const refusal: Signal<Widget['refusal']['value']> = signal(null)
  const isSettled = signal(!isEmbedded)
  const isOpen = signal(!isEmbedded)
  const isVisible = signal(document.visibilityState === 'visible')
  const isAtEnd = signal(true)
  const focusRequests = signal(0)
  const port = signal<PagePort | null>(null)
  const draft = openDraft(storage, 'message')
  let page: Page | null = null
  let isEnding = false
  const files = openFiles(session)
  const selection = createFileSelection()
  const current = findCurrentConversation(storage, files, () => page)

  function connect(): void {
    connection.value ??= createConnection({
      getToken: session.getToken,
      renewToken: session.renewToken,
      onUnauthorized: ({ code }) => {
        refusal.value = code === 'identity_required' ? 'identityRequired' : 'unknownSite'
      },
    })
  }

  function onPageMessage(message: FromPage): void {
    if (isEnding) return
    if (message.type === 'shutdown') void end().then(() => port.value?.send({ type: 'ended' }))
    else if (message.type === 'identify') identify(message)
    else {
      page = cleanPage(message.page)
      batch(() => {
        isSettled.value = true
        isOpen.value = message.isOpen
        if (message.isOpen && message.focus) focusRequests.value++
      })
      if (message.isOpen || session.hasSession()) connect()
    }
  }

  function identify({ identity, name, email }: IdentityClaims): void {
    // Whoever was refused, and who was here before, is gone with the page; the loader says it all again.
    if (refusal.value) location.reload()
    else if (!session.setClaims({ identity, name, email })) void end().then(reloadOnline)
    else if (connection.value) session.renewToken().catch(() => undefined)
    else if (identity) connect()
  }

  /** Without a network there would be no page to come back to. */
  function reloadOnline(): void {
    if (navigator.onLine) location.reload()
    else addEventListener('online', () => location.reload())
  }

  /** Session, connection and all that is kept, in one step. */
  async function end(): Promise<void> {
    isEnding = true
    isSettled.value = false
    current.close()
    connection.value?.close()
    await session.end()
  }

  // A page may speak with this frame only from one of the site's origins. The server's frame-ancestors says the same before that.
  effect(() => {
    const { value: site } = session.site
    const { value: pagePort } = port
    if (!site || !pagePort || [...site.origins, location.origin].includes(pagePort.origin)) return
    pagePort.close()
    connection.value?.close()
    refusal.value = 'notAllowed'
  })

  let isAttached = false
  effect(() => {
    const { value: customer } = session.customer
    const { value: connected } = connection
    if (!customer || !connected || isAttached) return
    isAttached = true
    untracked(() => current.attach(connected, { id: customer.id, role: 'customer', name: customer.name }))
  })

  const unread = computed(() => {
    const { value: open } = current.open
    if (!open) return 0
    const { messages, customerReadSeq } = open.timeline.value
    if (!open.isLoaded.value) return open.conversation.value?.unread ?? 0
    return messages.filter(({ senderRole, seq }) => senderRole !== 'customer' && seq > customerReadSeq).length
  })
  effect(() => port.value?.send({ type: 'unread', count: unread.value }))
  effect(() => {
    if (session.customer.value) port.value?.send({ type: 'session', hasConversation: current.open.value !== null })
  })
  // Read means seen: the panel is open, the tab is in front and the newest message is in sight.
  effect(() => {
    const isSeen = isOpen.value && isVisible.value && isAtEnd.value && current.isLoaded.value
    const isOnline = connection.value?.state.value.phase === 'online'
    if (isSeen && isOnline && unread.value > 0) current.open.value?.markRead('customer')
  })
  effect(() => connection.value?.on('availability:changed', ({ available }) => session.setAvailable(available)))
  document.addEventListener('visibilitychange', () => {
    isVisible.value = document.visibilityState === 'visible'
  })

  listenForPage((pagePort) => {
    port.value = pagePort
    pagePort.send({ type: 'ready' })
  }, onPageMessage)
  if (!isEmbedded) connect()

  return {
    session,
    current,
    draft,
    connection,
    refusal,
    isSettled,
    isOpen,
    isEmbedded,
    focusRequests,
    isAtEnd,
    isDurable: storage.isDurable,
    files,
    selection,
    send(text) {
      current.open.value?.typingNotifier.changed('')
      const sent = sendFiles(selection.drain(), current.send)
      draft.sent(text.trim() === '' ? sent : sent.then(() => current.send(text)))
    },
    close: () => port.value?.send({ type: 'close' }),
  }
}
