// The customer's side as a whole: a session made when somebody means to write, its connection, the conversation, and the page around it.

import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals'
import type { Page } from '#protocol/entities.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import type { FromPage } from '../loader/ports.ts'
import { type Files, openFiles } from '../shared/attachments/files.ts'
import { createPicking, type Picking, sendFiles } from '../shared/attachments/picking.ts'
import { type Connection, createConnection } from '../shared/connection/connection.ts'
import { type Draft, openDraft } from '../shared/storage/draft.ts'
import { openStorage } from '../shared/storage/storage.ts'
import { type CurrentConversation, findCurrentConversation } from './current-conversation.ts'
import { type CustomerSession, openCustomerSession } from './customer-session.ts'
import type { Told } from './identity.ts'
import { cleanPage } from './page.ts'
import { awaitPage, type PagePort } from './port.ts'

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
  focusWanted: ReadonlySignal<number>
  /** Set by the list: the newest message is in sight. */
  isAtEnd: Signal<boolean>
  isDurable: ReadonlySignal<boolean>
  files: Files
  picking: Picking
  send(text: string): void
  close(): void
}

export function startWidget(siteKey: string | null): Widget {
  const isEmbedded = window.parent !== window
  const storage = openStorage(`kefu:${siteKey ?? 'default'}:`)
  const session = openCustomerSession({
    storage,
    siteKey,
    forgetUnsent: () => current.outbox.clear(),
    onRefused: ({ code }) => port.value?.send({ type: 'error', code }),
  })
  const connection = signal<Connection | null>(null)
  const refusal: Signal<Widget['refusal']['value']> = signal(null)
  const isSettled = signal(!isEmbedded)
  const isOpen = signal(!isEmbedded)
  const isVisible = signal(document.visibilityState === 'visible')
  const isAtEnd = signal(true)
  const focusWanted = signal(0)
  const port = signal<PagePort | null>(null)
  const draft = openDraft(storage, 'message')
  let page: Page | null = null
  let isEnding = false
  const files = openFiles(session)
  const picking = createPicking()
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

  function hear(message: FromPage): void {
    if (isEnding) return
    if (message.type === 'shutdown') void end().then(() => port.value?.send({ type: 'ended' }))
    else if (message.type === 'identify') identify(message)
    else {
      page = cleanPage(message.page)
      batch(() => {
        isSettled.value = true
        isOpen.value = message.isOpen
        if (message.isOpen && message.focus) focusWanted.value++
      })
      if (message.isOpen || session.isKnown()) connect()
    }
  }

  function identify({ identity, name, email }: Told): void {
    // Whoever was refused, and who was here before, is gone with the page; the loader says it all again.
    if (refusal.value) location.reload()
    else if (!session.takeTold({ identity, name, email })) void end().then(reloadOnline)
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
    const { value: met } = port
    if (!site || !met || [...site.origins, location.origin].includes(met.origin)) return
    met.close()
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

  awaitPage((met) => {
    port.value = met
    met.send({ type: 'ready' })
  }, hear)
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
    focusWanted,
    isAtEnd,
    isDurable: storage.isDurable,
    files,
    picking,
    send(text) {
      current.open.value?.typingTeller.changed('')
      const sent = sendFiles(picking.take(), current.send)
      draft.sent(!hasVisibleCharacter(text) ? sent : sent.then(() => current.send(text)))
    },
    close: () => port.value?.send({ type: 'close' }),
  }
}
