// /kefu.js: puts the launcher on a shop's page and answers window.Kefu. It loads the frame only when somebody means to write, or when
// there is a conversation whose answers should be counted. It holds no token and sees nothing that is written.

import type { SiteLook } from '#protocol/entities.ts'
import { backoffMs } from '../shared/connection/backoff.ts'
import { drawWidget, type Who, type Widget } from './launcher.ts'

type Listener = (detail?: unknown) => void
type Call = [method: string, ...parameters: unknown[]]
interface Api {
  (...call: Call): unknown
  /** Calls the page made before this script had loaded. */
  q?: ArrayLike<unknown>[]
  isLoaded?: true
}

declare global {
  interface Window {
    Kefu?: Api
  }
}

const script = document.currentScript as HTMLScriptElement
const origin = new URL(script.src).origin
const listeners = new Set<[event: string, hear: Listener]>()
let widget: Widget | null = null
let who: Who | undefined
/** Each call begins when the one before it is done: an open after a boot finds the launcher. */
let lastCall: Promise<unknown> = Promise.resolve()

function tell(event: string, detail?: unknown): void {
  for (const [name, hear] of listeners) {
    if (name === event) queueMicrotask(() => hear(detail))
  }
}

/** Asks until somebody answers: one has written nothing yet, but may want to. undefined for a site that does not exist. */
async function fetchLook(site: string): Promise<SiteLook | undefined> {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(`${origin}/api/v1/widget/sites/${encodeURIComponent(site)}`).catch(() => null)
    if (answer?.ok) return answer.json()
    if (answer && answer.status < 500 && answer.status !== 429) return undefined
    await new Promise((resolve) => setTimeout(resolve, backoffMs(tries, 1_000, 60_000)))
  }
}

async function boot(options?: { site?: string }): Promise<void> {
  if (widget) return
  const site = options?.site ?? script.dataset.site ?? 'default'
  const look = await fetchLook(site)
  if (!look) return
  widget = drawWidget({ origin, site, look, tell })
  if (who) widget.identify(who)
  tell('ready')
}

function identify(said?: Who): void {
  who = said
  if (who) widget?.identify(who)
}

async function shutdown(): Promise<void> {
  const ending = widget
  widget = null
  who = undefined
  await ending?.end()
}

const methods: Record<string, (parameter?: never) => unknown> = {
  boot,
  identify,
  shutdown,
  open: () => widget?.setOpen(true, true),
  close: () => widget?.setOpen(false, true),
  show: () => widget?.setShown(true),
  hide: () => widget?.setShown(false),
}

function on(event: string, hear: Listener): () => void {
  const entry: [string, Listener] = [event, hear]
  listeners.add(entry)
  if (event === 'ready' && widget) queueMicrotask(() => hear())
  return () => listeners.delete(entry)
}

const api: Api = (method, ...parameters) => {
  if (method === 'on') return on(...(parameters as [string, Listener]))
  lastCall = lastCall.then(() => methods[method]?.(parameters[0] as never)).catch(() => {})
  return undefined
}
api.isLoaded = true

if (!window.Kefu?.isLoaded) {
  const stub = window.Kefu
  window.Kefu = api
  // A page that brings the stub and names no site boots when it is ready to.
  if (!stub || script.dataset.site) api('boot')
  for (const call of stub?.q ?? []) api(...(Array.from(call) as Call))
}
