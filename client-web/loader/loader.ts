// /kefu.js: adds the launcher to a shop's page and implements window.Kefu. It loads the frame only when somebody is
// about to write, or to count unread messages of an existing conversation. It holds no token and sees no messages.

import type { SiteLook } from '#protocol/entities.ts'
import { backoffMs } from '../shared/connection/backoff.ts'
import { type CustomerIdentity, type Launcher, mountLauncher } from './launcher.ts'

type Listener = (detail?: unknown) => void
type Call = [method: string, ...parameters: unknown[]]
interface Api {
  (...call: Call): unknown
  /** Calls made before this script was loaded. */
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
const listeners = new Set<[event: string, listener: Listener]>()
let launcher: Launcher | null = null
let customer: CustomerIdentity | undefined
/** Calls run one after another, so that an open after a boot finds the launcher. */
let lastCall: Promise<unknown> = Promise.resolve()

function emit(event: string, detail?: unknown): void {
  for (const [name, listener] of listeners) {
    if (name === event) queueMicrotask(() => listener(detail))
  }
}

/** Retries until the server responds. undefined: there is no such site. */
async function fetchLook(site: string): Promise<SiteLook | undefined> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${origin}/api/v1/widget/sites/${encodeURIComponent(site)}`).catch(() => null)
    if (response?.ok) return response.json()
    if (response && response.status < 500 && response.status !== 429) return undefined
    await new Promise((resolve) => setTimeout(resolve, backoffMs(tries, 1_000, 60_000)))
  }
}

async function boot(options?: { site?: string }): Promise<void> {
  if (launcher) return
  const site = options?.site ?? script.dataset.site ?? 'default'
  const look = await fetchLook(site)
  if (!look) return
  launcher = mountLauncher({ origin, site, look, emit })
  if (customer) launcher.identify(customer)
  emit('ready')
}

function identify(next?: CustomerIdentity): void {
  customer = next
  if (customer) launcher?.identify(customer)
}

async function shutdown(): Promise<void> {
  const current = launcher
  launcher = null
  customer = undefined
  await current?.end()
}

const methods: Record<string, (parameter?: never) => unknown> = {
  boot,
  identify,
  shutdown,
  open: () => launcher?.setOpen(true, true),
  close: () => launcher?.setOpen(false, true),
  show: () => launcher?.setShown(true),
  hide: () => launcher?.setShown(false),
}

function on(event: string, listener: Listener): () => void {
  const entry: [string, Listener] = [event, listener]
  listeners.add(entry)
  if (event === 'ready' && launcher) queueMicrotask(() => listener())
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
  // A page with the stub but no site boots when it is ready.
  if (!stub || script.dataset.site) api('boot')
  for (const call of stub?.q ?? []) api(...(Array.from(call) as Call))
}
