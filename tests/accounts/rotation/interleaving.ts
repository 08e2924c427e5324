// One random interleaving: tabs of one browser open, close, crash and rotate a token over a bad network, while nodes
// restart and the machine sleeps. The clients and the server are the real ones.

import jwt from 'jsonwebtoken'
import { RequestError } from '../../../client-web/shared/connection/request-error.ts'
import type { CustomerSession } from '../../../client-web/widget/customer-session.ts'
import { openSession } from '../../../server/auth/open-session.ts'
import { refresh } from '../../../server/auth/refresh.ts'
import { startSession } from '../../../server/customers/start-session.ts'
import { errorBody } from '../../../server/shared/errors.ts'
import type { Random } from '../../chaos/random.ts'
import { loopback, type TestApp } from '../../support/app.ts'
import { ageRotation } from '../logins.ts'
import { type Browser, type LockKind, openBrowser, type Tab } from './browser.ts'
import { createClock } from './clock.ts'

export interface World {
  /** Two nodes on one database. */
  nodes: readonly [TestApp, TestApp]
  site: { key: string; secret: string }
  /** Imported once the page's globals exist. */
  openCustomerSession: typeof import('../../../client-web/widget/customer-session.ts').openCustomerSession
  openLoginSession: typeof import('../../../client-web/console/session/session.ts').openLoginSession
}

export interface Outcome {
  violations: string[]
  log: string[]
  /** Answers of the server. */
  served: number
}

/** What differs between a customer's and an agent's browser. */
interface Owner {
  /** Whose sessions age with the time of the run. */
  userId(): number | undefined
  /** Code of a tab; it renews until the tab is closed. */
  run(tab: Tab): void
  /** Something that only this owner does. */
  act(tab: Tab): void
  /** Renews at the end; rejects if that is refused. */
  finish(tab: Tab): Promise<void>
}

const renewEveryMs = 8 * 60_000
const hour = 3600_000

export async function runInterleaving(
  world: World,
  random: Random,
  role: 'customer' | 'agent',
  kind: LockKind,
): Promise<Outcome> {
  const outcome: Outcome = { violations: [], log: [`${role}, ${kind}`], served: 0 }
  const clock = createClock()
  const log = (line: string) => outcome.log.push(`${(clock.now() / 1000).toFixed(2)} ${line}`)
  const violate = (what: string) => {
    if (outcome.violations.length > 0) return
    log(`VIOLATION ${what}`)
    outcome.violations.push(what)
  }
  const browser = openBrowser(clock, random, kind, log)
  let secrets: readonly string[] = world.nodes[0].jwtSecrets
  let agedAt = 0
  let restarts = 0

  /** Serves a call on either node, under the signing secrets of now, at the time of the run. */
  async function serve<T>(work: (node: TestApp) => Promise<T>): Promise<T> {
    outcome.served++
    const passedMs = Math.round(clock.now() - agedAt)
    const userId = owner.userId()
    if (userId !== undefined && passedMs > 500) {
      await ageRotation(world.nodes[0], userId, passedMs)
      agedAt = clock.now()
    }
    try {
      return await work({ ...random.pick(world.nodes), jwtSecrets: secrets })
    } catch (error) {
      throw RequestError.from(errorBody(error))
    }
  }

  const parts = { world, random, browser, violate, log, serve, now: clock.now }
  const owner = role === 'customer' ? customerOwner(parts) : await agentOwner(parts)

  const openTab = () => {
    const tab = browser.openTab()
    log(`${tab.name} opens`)
    owner.run(tab)
  }
  const closeTab = () => {
    const tab = browser.tabs.length > 0 ? random.pick(browser.tabs) : undefined
    if (!tab) return
    log(`${tab.name} closes`)
    browser.closeTab(tab)
    // The shop's next page names the customer again.
    if (browser.stored.has('identifying')) openTab()
  }
  const actions: (() => number | Promise<number>)[] = [
    () => {
      for (let tabs = random.between(1, 4); tabs > 0; tabs--) openTab()
      return 0
    },
    () => {
      closeTab()
      openTab()
      return 0
    },
    () => {
      closeTab()
      return 0
    },
    () => {
      if (browser.tabs.length > 0) owner.act(random.pick(browser.tabs))
      return 0
    },
    () => 10 * 60_000,
    async () => {
      await browser.cutCalls()
      log('sleeps')
      clock.sleep(random.pick([40_000, 20 * 60_000, 12 * hour]))
      return 0
    },
    async () => {
      await browser.cutCalls()
      // A new secret in first place, without the last new one. The oldest one seals the secret of the site.
      secrets = [`new${++restarts}`.padEnd(40, 'n'), world.nodes[0].jwtSecrets[0] as string]
      log('the nodes restart')
      return 3_000
    },
  ]

  openTab()
  await clock.runUntil(random.pick([5, 100, 3_000]))
  for (let steps = random.between(4, 9); steps > 0 && outcome.violations.length === 0; steps--) {
    const laterMs = await random.pick(actions)()
    await clock.runUntil(clock.now() + laterMs + random.pick([0, 0, 30, 200, 1_000, 6_000, 20_000, 60_000]))
  }
  browser.calmDown()
  if (outcome.violations.length > 0) {
    for (const tab of browser.tabs) browser.closeTab(tab)
    return outcome
  }
  await clock.runUntil(clock.now() + 60_000)
  openTab()
  await clock.runUntil(clock.now() + 60_000)
  for (const tab of browser.tabs) {
    let isDone = false
    owner.finish(tab).then(
      () => {
        isDone = true
      },
      (error) => violate(`${tab.name} cannot renew: ${error}`),
    )
    await clock.runUntil(clock.now() + 40_000)
    if (!isDone) violate(`${tab.name} does not renew`)
  }
  for (const tab of browser.tabs) browser.closeTab(tab)
  return outcome
}

interface Parts {
  world: World
  random: Random
  browser: Browser
  violate(what: string): void
  log(line: string): void
  serve<T>(work: (node: TestApp) => Promise<T>): Promise<T>
  now(): number
}

/** Renews a token as a page does: again soon after a failure, else before it expires. */
async function keepRenewing(
  tab: Tab,
  renew: () => Promise<unknown>,
  onRefused: (error: unknown) => void,
): Promise<void> {
  for (;;) {
    const waitMs = await renew().then(
      () => renewEveryMs,
      (error: unknown) => {
        if (!(error instanceof RequestError) || !error.retryable) onRefused(error)
        return 1_000
      },
    )
    await tab.wait(waitMs)
  }
}

let subjects = 0

/** A customer who has unsent text, and whom the shop identifies in some runs. */
function customerOwner({ world, browser, violate, log, serve, now }: Parts): Owner {
  const sessions = new Map<Tab, CustomerSession>()
  const sub = `subject-${++subjects}-${process.pid}-${Date.now()}`
  let isIdentified = false
  let customerId: string | undefined
  browser.stored.set('draft:message', 'not sent yet')

  function check(): void {
    customerId ??= browser.stored.get('customer')
    if (browser.stored.get('draft:message') === undefined) violate('the unsent text was deleted')
    if (customerId !== undefined && browser.stored.get('customer') !== customerId) violate('the customer was lost')
  }

  const identity = () =>
    // Two identities of one second are the same token.
    jwt.sign({ sub, aud: world.site.key, at: now() }, world.site.secret, { expiresIn: 300 })

  return {
    userId: () => (customerId === undefined ? undefined : Number(customerId)),
    run(tab) {
      const session = world.openCustomerSession({
        storage: tab.storage,
        siteKey: world.site.key,
        clearOutbox: async () => violate('the outbox was deleted'),
        detachOutbox: async () => violate('the session was given up'),
        onIdentityRejected: (error) => violate(`the identity was refused: ${error}`),
        parts: {
          call: (path, options) => {
            if (path !== '/widget/session') throw new Error(`unexpected call ${path}`)
            return tab.call(path, () => serve((node) => startSession(node, options?.body as object, loopback))) as never
          },
          lock: tab.lock,
          wait: tab.wait,
          now,
          reload: () => violate(`${tab.name} reloads`),
        },
      })
      sessions.set(tab, session)
      if (isIdentified) session.setClaims({ identity: identity() })
      const renew = () => session.renewToken().finally(check)
      void keepRenewing(tab, renew, (error) => violate(`${tab.name} was refused: ${error}`))
    },
    act(tab) {
      const session = sessions.get(tab)
      if (browser.stored.get('customer') === undefined || !session) return
      log(`${tab.name} ${isIdentified ? 'sets an email' : 'is identified'}`)
      const acted = isIdentified ? session.setEmail(`mei${now()}@inbox.example`) : identify(session)
      isIdentified = true
      acted.catch(() => {}).finally(check)
    },
    async finish(tab) {
      await sessions.get(tab)?.renewToken()
      check()
      const id = sessions.get(tab)?.customer.value?.id
      if (`${id}` !== customerId) violate(`${tab.name} shows ${id} instead of ${customerId}`)
    },
  }

  async function identify(session: CustomerSession): Promise<void> {
    if (!session.setClaims({ identity: identity() })) violate('the identity ends the session')
    await session.renewToken()
  }
}

/** An agent who has logged in once. */
async function agentOwner({ world, violate, serve, log }: Parts): Promise<Owner> {
  const [node] = world.nodes
  const { id } = await node.newAgent()
  let cookie: string | undefined
  const opened = await node.db
    .transaction()
    .execute((trx) => openSession(trx, id, { address: loopback, userAgent: null }))
  cookie = opened.refreshToken
  const sessions = new Map<Tab, ReturnType<World['openLoginSession']>>()

  return {
    userId: () => id,
    run(tab) {
      const session = world.openLoginSession({
        call: (path) => {
          if (path !== '/auth/refresh') throw new Error(`unexpected call ${path}`)
          const sent = cookie
          return tab
            .call(
              path,
              () =>
                serve(async (on) => {
                  const reply = await refresh(on, sent)
                  log(`${tab.name} gets ${reply.refreshToken.slice(-4)} for ${sent?.slice(-4)}`)
                  return reply
                }),
              ({ refreshToken }) => {
                cookie = refreshToken
              },
            )
            .then(({ reply }) => reply) as never
        },
        lock: tab.lock,
        wait: tab.wait,
        storage: tab.storage,
      })
      sessions.set(tab, session)
      session.session.subscribe(({ phase }) => {
        if (phase === 'out') violate(`${tab.name} is logged out`)
      })
      void session
        .restoreSession()
        .then(() => tab.wait(renewEveryMs))
        .then(() => keepRenewing(tab, session.renewToken, (error) => violate(`${tab.name} was refused: ${error}`)))
    },
    // A page refreshes early when it is visible again.
    act: (tab) =>
      void sessions
        .get(tab)
        ?.renewToken()
        .catch(() => {}),
    async finish(tab) {
      await sessions.get(tab)?.renewToken()
    },
  }
}
