// The launcher and the panel: plain DOM in a closed shadow root
// beside the body, so that it survives a page that swaps its body.

import type { SiteLook } from '#protocol/entities.ts'
import { type FromFrame, type FromPage, hello, isFromFrame } from './frame-protocol.ts'
import { launcherStyles, phone } from './launcher-styles.ts'

/**
 * The customer according to the page. `identity` is the token
 * signed by the shop's server, or a function that fetches it.
 */
export interface CustomerIdentity {
  identity?: string | (() => string | Promise<string>)
  name?: string
  email?: string
}

export interface Launcher {
  /** Sent immediately if this browser has a session, otherwise when the panel opens. */
  identify(next: CustomerIdentity): void
  /** `focus`: the customer asked for it, so the cursor moves along. */
  setOpen(isOpen: boolean, focus: boolean): void
  setShown(isShown: boolean): void
  /** Ends the customer's session and removes everything from the page. */
  end(): Promise<void>
}

interface LauncherOptions {
  origin: string
  site: string
  look: SiteLook
  emit: (event: string, detail?: unknown) => void
}

/** How long to wait for the frame, which may still be loading on a slow network. */
const shutdownTimeoutMs = 15_000
/** Continue without an identity if the page has not delivered it by then. */
const identityTimeoutMs = 3_000

const labels = /^zh/i.test(navigator.language)
  ? { name: '联系客服', unread: (count: number) => `，${count} 条未读消息` }
  : { name: 'Talk to us', unread: (count: number) => `, ${count} unread message${count === 1 ? '' : 's'}` }

/** Reads, sets or (with '') removes a hint. Returns null if the browser blocks storage. */
function remember(area: 'localStorage' | 'sessionStorage', key: string, value?: string): string | null {
  try {
    if (value) window[area].setItem(key, value)
    else if (value === '') window[area].removeItem(key)
    return window[area].getItem(key)
  } catch {
    return null
  }
}

export function mountLauncher({ origin, site, look, emit }: LauncherOptions): Launcher {
  const hintKey = `kefu:${site}`
  const openKey = `kefu:open:${site}`
  const host = document.createElement('kefu-widget')
  const root = host.attachShadow({ mode: 'closed' })
  const panel = document.createElement('div')
  const button = document.createElement('button')
  const badge = document.createElement('span')
  const phoneQuery = matchMedia(phone)
  const page = document.documentElement
  const screen = visualViewport as VisualViewport
  const teardown = new AbortController()
  let frame: HTMLIFrameElement | undefined
  let port: MessagePort | undefined
  let customer: CustomerIdentity | undefined
  let isOpen = false
  let isReady = false
  let isEnding = false
  let onShutdownDone = () => {}
  let release: (() => void) | undefined

  function load(): void {
    // A frame that loaded but never responded shows an error page: load it again.
    if (frame && port && !isReady) {
      frame.remove()
      frame = port = undefined
    }
    if (frame || teardown.signal.aborted) return
    frame = document.createElement('iframe')
    frame.title = look.name
    frame.src = `${origin}/widget/?site=${encodeURIComponent(site)}`
    frame.onload = async () => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }) => isFromFrame(data) && onFrameMessage(data)
      frame?.contentWindow?.postMessage(hello, origin, [port2])
      // Send the identity first, so that nobody sees another customer's conversation.
      await sendIdentity(port1)
      port = port1
      if (isEnding) send({ type: 'shutdown' })
      else sendPanel(root.activeElement === frame)
    }
    panel.append(frame)
  }

  async function sendIdentity(to: MessagePort): Promise<void> {
    if (!customer || isEnding) return
    const { identity, name, email } = customer
    try {
      const value = typeof identity === 'function' ? identity() : identity
      const timeout = new Promise<undefined>((resolve) => setTimeout(resolve, identityTimeoutMs))
      const message: FromPage = { type: 'identify', identity: await Promise.race([value, timeout]), name, email }
      to.postMessage(message)
    } catch {
      emit('error', { code: 'invalid_request' })
    }
  }

  function send(message: FromPage): void {
    port?.postMessage(message)
  }

  function sendPanel(focus: boolean): void {
    send({ type: 'panel', isOpen, focus, page: { url: location.origin + location.pathname, title: document.title } })
  }

  function onFrameMessage(message: FromFrame): void {
    if (message.type === 'ready') {
      isReady = true
      panel.classList.add('ready')
    } else if (message.type === 'close') setOpen(false, true)
    else if (message.type === 'unread') setUnread(message.count)
    else if (message.type === 'session')
      remember('localStorage', hintKey, message.hasConversation ? 'conversation' : 'session')
    else if (message.type === 'error') emit('error', { code: message.code })
    else onShutdownDone()
  }

  function setUnread(count: number): void {
    badge.textContent = count > 99 ? '99+' : count > 0 ? `${count}` : ''
    button.ariaLabel = labels.name + (count > 0 ? labels.unread(count) : '')
    emit('unread', count)
  }

  function setOpen(next: boolean, focus: boolean): void {
    if (next) load()
    if (next !== isOpen) {
      isOpen = next
      panel.classList.toggle('open', isOpen)
      button.ariaExpanded = `${isOpen}`
      remember('sessionStorage', openKey, isOpen ? '1' : '')
      fitScreen()
      emit(isOpen ? 'open' : 'close')
    }
    if (isOpen && focus) frame?.focus()
    else if (!isOpen && focus && document.activeElement === host) button.focus()
    sendPanel(focus)
  }

  /** On a phone the panel fills the area above the keyboard. The page behind is inert and keeps its scroll position. */
  function fitScreen(): void {
    const isFullScreen = isOpen && phoneQuery.matches
    const { height, offsetTop } = screen
    panel.style.cssText = isFullScreen ? `height:${height}px;top:${offsetTop}px;bottom:auto` : ''
    panel.ariaModal = `${isFullScreen}`
    if (isFullScreen && !release) {
      const { overflow } = page.style
      document.body.inert = true
      page.style.overflow = 'hidden'
      release = () => {
        document.body.inert = false
        page.style.overflow = overflow
      }
    } else if (!isFullScreen) {
      release?.()
      release = undefined
    }
  }

  panel.role = 'dialog'
  panel.ariaLabel = labels.name
  button.type = 'button'
  button.ariaHasPopup = 'dialog'
  button.ariaExpanded = 'false'
  badge.ariaHidden = 'true'
  button.append(badge)
  root.adoptedStyleSheets = [launcherStyles(look)]
  root.append(panel, button)
  setUnread(0)
  fitScreen()
  page.append(host)

  const { signal } = teardown
  for (const intent of ['pointerenter', 'focus', 'touchstart']) {
    button.addEventListener(intent, load, { signal, passive: true })
  }
  button.addEventListener('click', () => setOpen(!isOpen, true), { signal })
  root.addEventListener('keydown', (event) => (event as KeyboardEvent).key === 'Escape' && setOpen(false, true), {
    signal,
  })
  phoneQuery.addEventListener('change', fitScreen, { signal })
  for (const change of ['resize', 'scroll']) screen.addEventListener(change, fitScreen, { signal })

  if (remember('sessionStorage', openKey) && !phoneQuery.matches) setOpen(true, false)
  else if (remember('localStorage', hintKey) === 'conversation') {
    // A page that is never idle must not keep its visitor from unread messages.
    const whenIdle = () =>
      'requestIdleCallback' in window ? requestIdleCallback(load, { timeout: 2_000 }) : setTimeout(load)
    if (document.readyState === 'complete') whenIdle()
    else addEventListener('load', whenIdle, { signal, once: true })
  }

  return {
    identify(next) {
      customer = next
      if (port) void sendIdentity(port)
      else if (remember('localStorage', hintKey)) load()
    },
    setOpen,
    setShown(isShown) {
      button.hidden = !isShown
    },
    async end() {
      setOpen(false, false)
      button.hidden = true
      if (frame || remember('localStorage', hintKey)) {
        isEnding = true
        await new Promise<void>((resolve) => {
          onShutdownDone = resolve
          setTimeout(resolve, shutdownTimeoutMs)
          load()
          send({ type: 'shutdown' })
        })
      }
      teardown.abort()
      remember('localStorage', hintKey, '')
      host.remove()
    },
  }
}
