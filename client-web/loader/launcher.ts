// The launcher and the panel on the page: plain DOM in a closed shadow root beside the body, so that a page that swaps its body keeps it.

import type { SiteLook } from '#protocol/entities.ts'
import { type FromFrame, type FromPage, hello, isFromFrame } from './frame-protocol.ts'
import { phone, sheetFor } from './launcher-styles.ts'

/** What a page says of its customer; `identity` as the shop's server signed it, or how to get it when it is needed. */
export interface Who {
  identity?: string | (() => string | Promise<string>)
  name?: string
  email?: string
}

export interface Widget {
  /** Somebody whom this browser has a session for is told at once, else whoever opens the panel. */
  identify(said: Who): void
  /** `focus`: somebody asked for it, so the cursor goes along. */
  setOpen(isOpen: boolean, focus: boolean): void
  setShown(isShown: boolean): void
  /** Ends the customer's session, then takes everything off the page. */
  end(): Promise<void>
}

interface WidgetOptions {
  origin: string
  site: string
  look: SiteLook
  tell: (event: string, detail?: unknown) => void
}

/** A frame that has not answered by then is gone. On a slow network it may only be loading now. */
const endMs = 15_000
/** A page that has not got its identity by then says nothing of its customer. */
const whoMs = 3_000

const words = /^zh/i.test(navigator.language)
  ? { name: '联系客服', unread: (count: number) => `，${count} 条未读消息` }
  : { name: 'Talk to us', unread: (count: number) => `, ${count} unread message${count === 1 ? '' : 's'}` }

/** What a page may keep about us; a browser that refuses storage keeps nothing. */
function remember(area: 'localStorage' | 'sessionStorage', key: string, value?: string): string | null {
  try {
    if (value) window[area].setItem(key, value)
    else if (value === '') window[area].removeItem(key)
    return window[area].getItem(key)
  } catch {
    return null
  }
}

export function drawWidget({ origin, site, look, tell }: WidgetOptions): Widget {
  const hint = `kefu:${site}`
  const openKey = `kefu:open:${site}`
  const host = document.createElement('kefu-widget')
  const root = host.attachShadow({ mode: 'closed' })
  const panel = document.createElement('div')
  const button = document.createElement('button')
  const badge = document.createElement('span')
  const onPhone = matchMedia(phone)
  const page = document.documentElement
  const screen = visualViewport as VisualViewport
  const gone = new AbortController()
  let frame: HTMLIFrameElement | undefined
  let port: MessagePort | undefined
  let who: Who | undefined
  let isOpen = false
  let isReady = false
  let isEnding = false
  let ended = () => {}
  let release: (() => void) | undefined

  function load(): void {
    // A frame that came but never answered is an error page: it gets another chance.
    if (frame && port && !isReady) {
      frame.remove()
      frame = port = undefined
    }
    if (frame || gone.signal.aborted) return
    frame = document.createElement('iframe')
    frame.title = look.name
    frame.src = `${origin}/widget/?site=${encodeURIComponent(site)}`
    frame.onload = async () => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }) => isFromFrame(data) && hear(data)
      frame?.contentWindow?.postMessage(hello, origin, [port2])
      // Who it is goes first, so that nobody sees what was another's.
      await sayWho(port1)
      port = port1
      if (isEnding) send({ type: 'shutdown' })
      else sendPanel(root.activeElement === frame)
    }
    panel.append(frame)
  }

  async function sayWho(to: MessagePort): Promise<void> {
    if (!who || isEnding) return
    const { identity, name, email } = who
    try {
      const asked = typeof identity === 'function' ? identity() : identity
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, whoMs))
      const message: FromPage = { type: 'identify', identity: await Promise.race([asked, late]), name, email }
      to.postMessage(message)
    } catch {
      tell('error', { code: 'invalid_request' })
    }
  }

  function send(message: FromPage): void {
    port?.postMessage(message)
  }

  function sendPanel(focus: boolean): void {
    send({ type: 'panel', isOpen, focus, page: { url: location.origin + location.pathname, title: document.title } })
  }

  function hear(message: FromFrame): void {
    if (message.type === 'ready') {
      isReady = true
      panel.classList.add('ready')
    } else if (message.type === 'close') setOpen(false, true)
    else if (message.type === 'unread') setUnread(message.count)
    else if (message.type === 'session')
      remember('localStorage', hint, message.hasConversation ? 'conversation' : 'session')
    else if (message.type === 'error') tell('error', { code: message.code })
    else ended()
  }

  function setUnread(count: number): void {
    badge.textContent = count > 99 ? '99+' : count > 0 ? `${count}` : ''
    button.ariaLabel = words.name + (count > 0 ? words.unread(count) : '')
    tell('unread', count)
  }

  function setOpen(next: boolean, focus: boolean): void {
    if (next) load()
    if (next !== isOpen) {
      isOpen = next
      panel.classList.toggle('open', isOpen)
      button.ariaExpanded = `${isOpen}`
      remember('sessionStorage', openKey, isOpen ? '1' : '')
      fitScreen()
      tell(isOpen ? 'open' : 'close')
    }
    if (isOpen && focus) frame?.focus()
    else if (!isOpen && focus && document.activeElement === host) button.focus()
    sendPanel(focus)
  }

  /** On a phone the panel is what the keyboard leaves of the screen, and the page behind it is out of reach and keeps its place. */
  function fitScreen(): void {
    const isFull = isOpen && onPhone.matches
    const { height, offsetTop } = screen
    panel.style.cssText = isFull ? `height:${height}px;top:${offsetTop}px;bottom:auto` : ''
    panel.ariaModal = `${isFull}`
    if (isFull && !release) {
      const { overflow } = page.style
      document.body.inert = true
      page.style.overflow = 'hidden'
      release = () => {
        document.body.inert = false
        page.style.overflow = overflow
      }
    } else if (!isFull) {
      release?.()
      release = undefined
    }
  }

  panel.role = 'dialog'
  panel.ariaLabel = words.name
  button.type = 'button'
  button.ariaHasPopup = 'dialog'
  button.ariaExpanded = 'false'
  badge.ariaHidden = 'true'
  button.append(badge)
  root.adoptedStyleSheets = [sheetFor(look)]
  root.append(panel, button)
  setUnread(0)
  fitScreen()
  page.append(host)

  const { signal } = gone
  for (const intent of ['pointerenter', 'focus', 'touchstart']) {
    button.addEventListener(intent, load, { signal, passive: true })
  }
  button.addEventListener('click', () => setOpen(!isOpen, true), { signal })
  root.addEventListener('keydown', (event) => (event as KeyboardEvent).key === 'Escape' && setOpen(false, true), {
    signal,
  })
  onPhone.addEventListener('change', fitScreen, { signal })
  for (const change of ['resize', 'scroll']) screen.addEventListener(change, fitScreen, { signal })

  if (remember('sessionStorage', openKey) && !onPhone.matches) setOpen(true, false)
  else if (remember('localStorage', hint) === 'conversation') {
    const whenIdle = () => (window.requestIdleCallback ?? setTimeout)(load)
    if (document.readyState === 'complete') whenIdle()
    else addEventListener('load', whenIdle, { signal, once: true })
  }

  return {
    identify(said) {
      who = said
      if (port) void sayWho(port)
      else if (remember('localStorage', hint)) load()
    },
    setOpen,
    setShown(isShown) {
      button.hidden = !isShown
    },
    async end() {
      setOpen(false, false)
      button.hidden = true
      if (frame || remember('localStorage', hint)) {
        isEnding = true
        await new Promise<void>((resolve) => {
          ended = resolve
          setTimeout(resolve, endMs)
          load()
          send({ type: 'shutdown' })
        })
      }
      gone.abort()
      remember('localStorage', hint, '')
      host.remove()
    },
  }
}
