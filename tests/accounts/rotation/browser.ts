// A browser of a model run: tabs that share storage, cookies and locks, and a network that delays and loses.

import { RequestError } from '../../../client-web/shared/connection/request-error.ts'
import type { Storage } from '../../../client-web/shared/storage/storage.ts'
import { openTokenLock, type TokenLock } from '../../../client-web/shared/storage/token-lock.ts'
import type { Random } from '../../chaos/random.ts'
import type { Clock } from './clock.ts'

/** How the tabs take turns. `none`: every tab acts alone, as where the browser blocks storage. */
export type LockKind = 'web locks' | 'lease' | 'none'

export interface Tab {
  name: string
  isOpen: boolean
  lock: TokenLock
  storage: Storage
  wait(ms: number): Promise<void>
  /** A call that the network may delay or lose. */
  call<T>(what: string, serve: () => Promise<T>, receive?: (reply: T) => void): Promise<T>
}

export interface Browser {
  tabs: Tab[]
  /** What localStorage holds. */
  stored: Map<string, string>
  openTab(): Tab
  /** The tab is gone immediately, with its locks, as in a crash. */
  closeTab(tab: Tab): void
  /** Some requests on their way reach the server now, the others never. No reply arrives. */
  cutCalls(): Promise<void>
  /** From now on the network neither delays nor loses. */
  calmDown(): void
}

/** As in call-api.ts. */
const deadlineMs = 15_000
const never = new Promise<never>(() => {})

export function openBrowser(clock: Clock, random: Random, kind: LockKind, log: (line: string) => void): Browser {
  const stored = new Map<string, string>()
  const listeners: { tab: Tab; listener: (name: string, value: string | null) => void }[] = []
  const locks = createLocks()
  let cuts = 0
  /** Requests that have not reached the server. */
  const sent = new Set<() => Promise<void>>()
  let isCalm = false
  let count = 0

  const storageOf = (tab: Tab): Storage => ({
    area: 'kefu:',
    isDurable: { value: true } as Storage['isDurable'],
    get: (name) => stored.get(name) ?? null,
    set: (name, value) => change(tab, name, value),
    remove: (name) => change(tab, name, null),
    names: (prefix) => [...stored.keys()].filter((name) => name.startsWith(prefix)),
    watch(listener) {
      listeners.push({ tab, listener })
      return () => {}
    },
  })

  function change(tab: Tab, name: string, value: string | null): void {
    if (value === null) stored.delete(name)
    else stored.set(name, value)
    for (const each of listeners)
      if (each.tab !== tab) clock.after(random.between(0, 20), () => each.tab.isOpen && each.listener(name, value))
  }

  function delayMs(): number {
    if (isCalm || random.next() < 0.7) return random.between(1, 80)
    return random.pick([300, 2_000, 6_000, 14_000, 40_000])
  }

  const isLost = () => !isCalm && random.next() < 0.12

  /** A closed tab's code does not run on. */
  const whileOpen = <T>(tab: Tab, promise: Promise<T>): Promise<T> =>
    promise.then(
      (value) => (tab.isOpen ? value : never),
      (error) => (tab.isOpen ? Promise.reject(error) : never),
    )

  function send<T>(tab: Tab, what: string, serve: () => Promise<T>, receive: (reply: T) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const sentIn = cuts
    let isWaiting = true
    const settle = (how: () => void) => {
      if (isWaiting) how()
      isWaiting = false
    }
    const lose = (where: string) => {
      log(`${tab.name} ${what}: ${where} lost`)
      clock.after(1, () => settle(() => reject(RequestError.offline())))
    }
    clock.after(deadlineMs, () => settle(() => reject(RequestError.timeout())))
    if (isLost()) lose('request')
    else {
      const deliver = async () => {
        if (!sent.delete(deliver)) return
        const outcome = await serve().then(
          (reply) => ({ reply }),
          (error: unknown) => ({ error }),
        )
        log(`${tab.name} ${what}: served ${'error' in outcome ? String(outcome.error) : ''}`)
        if (cuts !== sentIn || isLost()) return lose('reply')
        clock.after(delayMs(), () => {
          if (cuts !== sentIn) return lose('reply')
          settle(() => {
            if ('error' in outcome) return reject(outcome.error)
            if (tab.isOpen) receive(outcome.reply)
            resolve(outcome.reply)
          })
        })
      }
      sent.add(deliver)
      clock.after(delayMs(), deliver)
    }
    return promise
  }

  const browser: Browser = {
    tabs: [],
    stored,
    openTab() {
      const tab = { name: `tab ${++count}`, isOpen: true } as Tab
      tab.storage = storageOf(tab)
      tab.wait = (ms) => whileOpen(tab, clock.wait(ms))
      tab.call = (what, serve, receive = () => {}) => whileOpen(tab, send(tab, what, serve, receive))
      tab.lock =
        kind === 'none'
          ? (work) => work()
          : openTokenLock('session', {
              locks: kind === 'web locks' ? locks.of(tab) : undefined,
              storage: () => ({
                getItem: (key) => stored.get(key) ?? null,
                setItem: (key, value) => void stored.set(key, value),
                removeItem: (key) => void stored.delete(key),
              }),
              now: clock.now,
              wait: tab.wait,
            })
      browser.tabs.push(tab)
      return tab
    },
    closeTab(tab) {
      tab.isOpen = false
      browser.tabs = browser.tabs.filter((each) => each !== tab)
      locks.release(tab)
    },
    async cutCalls() {
      cuts++
      for (const deliver of [...sent]) if (random.next() < 0.5) await deliver()
      sent.clear()
    },
    calmDown() {
      isCalm = true
    },
  }
  return browser
}

/** Web Locks of one name. */
function createLocks() {
  const queue: { tab: Tab; start: () => void }[] = []
  const startFirst = () => queue[0]?.start()
  const remove = (entry: (typeof queue)[number] | undefined) => {
    const at = entry ? queue.indexOf(entry) : -1
    if (at < 0) return
    queue.splice(at, 1)
    if (at === 0) startFirst()
  }
  return {
    of: (tab: Tab): Pick<LockManager, 'request'> => ({
      async request(_name: string, _options: unknown, work?: (lock: null) => unknown) {
        await new Promise<void>((resolve) => {
          let hasStarted = false
          const start = () => {
            if (!hasStarted) resolve()
            hasStarted = true
          }
          queue.push({ tab, start })
          if (queue.length === 1) start()
        })
        const entry = queue[0]
        try {
          return await (work as (lock: null) => unknown)(null)
        } finally {
          remove(entry)
        }
      },
    }),
    /** The browser releases the locks of a closed page. */
    release(tab: Tab) {
      for (const entry of queue.filter((each) => each.tab === tab)) remove(entry)
    },
  }
}
