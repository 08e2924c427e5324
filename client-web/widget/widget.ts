// The widget as a whole: a session created when somebody is about to
// write, the connection, the conversation, and the embedding page.

import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals'
import type { Page } from '#protocol/entities.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import type { FromPage } from '../loader/frame-protocol.ts'
import { createFileSelection, type FileSelection, sendFiles } from '../shared/attachments/file-selection.ts'
import { type Files, openFiles } from '../shared/attachments/files.ts'
import { type Connection, createConnection } from '../shared/connection/connection.ts'
import { type Draft, openDraft } from '../shared/storage/draft.ts'
import { openStorage } from '../shared/storage/storage.ts'
import { unreadByCustomer } from '../shared/timeline/unread.ts'
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
  /** Why the widget cannot be used; null if it can. */
  refusal: ReadonlySignal<'unknownSite' | 'notAllowed' | 'identityRequired' | null>
  /**
   * It is decided whose messages may be shown: the embedding page
   * has sent its identity, and no switch of customers is pending.
   */
  isSettled: ReadonlySignal<boolean>
  /** Whether the panel is visible. Always true outside an embedding page. */
  isOpen: ReadonlySignal<boolean>
  isEmbedded: boolean
  /** Increases whenever the text field should take focus. */
  focusRequests: ReadonlySignal<number>
  /** Set by the message list: the newest message is in view. */
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
    detachOutbox: () => current.outbox.detach(),
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
    // A rejected or replaced customer requires a reload; the loader sends the identity again.
    if (refusal.value) location.reload()
    else if (!session.setClaims({ identity, name, email })) void end().then(reloadOnline)
    else if (connection.value) session.renewToken().catch(() => undefined)
    else if (identity) connect()
  }

  /** An offline reload would leave an error page. */
  function reloadOnline(): void {
    if (navigator.onLine) location.reload()
    else addEventListener('online', () => location.reload())
  }

  /** Ends the session, the connection, and everything stored. */
  async function end(): Promise<void> {
    isEnding = true
    isSettled.value = false
    current.close()
    connection.value?.close()
    await session.end()
  }

  // Only the site's origins may talk to this frame. The server's frame-ancestors enforces the same.
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
    return open ? unreadByCustomer(open.conversation.value, open.timeline.value) : 0
  })
  effect(() => port.value?.send({ type: 'unread', count: unread.value }))
  effect(() => {
    if (session.customer.value) port.value?.send({ type: 'session', hasConversation: current.open.value !== null })
  })
  // Read means seen: the panel is open, the tab is visible and the newest message is in view.
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
      draft.sent(!hasVisibleCharacter(text) ? sent : sent.then(() => current.send(text)))
    },
    close: () => port.value?.send({ type: 'close' }),
  }
}
