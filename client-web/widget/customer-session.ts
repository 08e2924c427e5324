// The customer's session: an access token in memory, and a rotating resume token stored per site. All tabs share the
// token, so each call that rotates it runs under a lock and reads it there.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Customer, WidgetSite } from '#protocol/entities.ts'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { type AccessToken, accessToken } from '../shared/connection/access-token.ts'
import { callApi } from '../shared/connection/call-api.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import { language } from '../shared/i18n/language.ts'
import type { Storage } from '../shared/storage/storage.ts'
import { openTokenLock, type TokenLock } from '../shared/storage/token-lock.ts'
import { type IdentityClaims, openUsedIdentity, subjectOf } from './identity.ts'

export interface CustomerSession {
  customer: ReadonlySignal<Customer | null>
  site: ReadonlySignal<WidgetSite | null>
  getToken: () => AccessToken | null
  /** Renews the token, or creates a customer if nothing is stored. */
  renewToken: () => Promise<AccessToken>
  /** This browser has a stored session. */
  hasSession: () => boolean
  setEmail: (email: string) => Promise<void>
  setAvailable: (available: boolean) => void
  /**
   * The identity from the page, sent with the next request. Returns
   * false if it names another customer: end the session first.
   */
  setClaims: (claims: IdentityClaims) => boolean
  /** Ends the session and deletes everything stored about the customer. */
  end: () => Promise<void>
}

const resumeKey = 'resume'
const customerKey = 'customer'
/** The verified customer's id in the shop. */
const subjectKey = 'subject'
/**
 * Stored while an identity is on its way. If its reply is lost, the stored token is over and the shop's page has the
 * next.
 */
const identifyingKey = 'identifying'
/** Stored names that are the customer's unsent text. */
const unsent = /^(draft|record):/
/** How long to wait for the server's reply to a logout. */
const logoutTimeoutMs = 2_000
/** The stored session counts as over only after this many replies in succession that name another customer. */
const strangersUntilOver = 2
const strangerPauseMs = 500
/** The longest pause of a connection between two attempts. */
const longestRetryMs = 15_000
/** Replies that another tab may overtake, within one call. */
const overtakenReplies = 5

/** What the session needs of the browser, so that a test can supply it. */
export interface SessionParts {
  call: typeof callApi
  lock: TokenLock
  wait: (ms: number) => Promise<void>
  now: () => number
  reload: () => void
}

interface SessionOptions {
  storage: Storage
  /** null: the server's first site. */
  siteKey: string | null
  /** Deletes the customer's unsent messages. */
  clearOutbox: () => Promise<void>
  /** Keeps the unsent messages for the next conversation. */
  detachOutbox: () => Promise<void>
  /** The server rejected the identity. */
  onIdentityRejected: (error: RequestError) => void
  parts?: SessionParts
}

export function openCustomerSession({
  storage,
  siteKey,
  clearOutbox,
  detachOutbox,
  onIdentityRejected,
  parts = {
    call: callApi,
    lock: openTokenLock(`${storage.area}session`),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: Date.now,
    reload: () => location.reload(),
  },
}: SessionOptions): CustomerSession {
  const customer = signal<Customer | null>(null)
  const site = signal<WidgetSite | null>(null)
  const usedIdentity = openUsedIdentity(storage.area)
  let token: AccessToken | null = null
  let pendingRenewal: Promise<AccessToken> | null = null
  let isEnded = false
  let pendingClaims: IdentityClaims | null = null
  /** The stored token that continues nothing, and how long this tab has waited for the identity of another one. */
  let refusedToken: string | null = null
  let waitedMs = 0
  let waitedAt = 0

  const requestSession = (changes: IdentityClaims): Promise<AccessToken> =>
    parts.lock(async () => {
      let strangers = 0
      for (let replies = 0; replies < overtakenReplies; replies++) {
        const resumeToken = storage.get(resumeKey)
        const storedId = storage.get(customerKey)
        if (changes.identity) storage.set(identifyingKey, '1')
        else if (resumeToken !== null && resumeToken === refusedToken && waitsForIdentity())
          throw RequestError.offline()
        const reply = await parts.call<WidgetSessionReply>('/widget/session', {
          body: {
            ...(siteKey ? { site: siteKey } : {}),
            ...(resumeToken === null ? {} : { resumeToken }),
            locale: language.value,
            ...changes,
          },
        })
        if (isEnded) throw RequestError.offline()
        const isStored = storedId === null || storedId === `${reply.customer.id}`
        // A tab without the lock may have rotated the token, or have ended the session.
        if (storage.get(resumeKey) !== resumeToken) {
          if (storage.get(customerKey) === `${reply.customer.id}` && !changes.identity) return adopt(reply)
          continue
        }
        if (changes.identity) {
          if (!isStored) await clear()
          storage.set(subjectKey, subjectOf(changes.identity))
          usedIdentity.mark(changes.identity)
          storage.remove(identifyingKey)
        } else if (!isStored) {
          // One reply proves nothing: its call may have been overtaken on the way.
          if (++strangers < strangersUntilOver) {
            await parts.wait(strangerPauseMs)
            continue
          }
          refusedToken = resumeToken
          if (waitsForIdentity()) throw RequestError.offline()
          await startOver()
        }
        waitedMs = 0
        storage.set(resumeKey, reply.resumeToken)
        storage.set(customerKey, `${reply.customer.id}`)
        if (!isStored) reloadPage()
        return adopt(reply)
      }
      throw RequestError.offline()
    })

  function adopt(reply: WidgetSessionReply): AccessToken {
    if (customer.value && customer.value.id !== reply.customer.id) reloadPage()
    token = accessToken(reply)
    customer.value = reply.customer
    site.value = reply.site
    return token
  }

  /** For as long as an identity is valid. The time of a sleep does not count. */
  function waitsForIdentity(): boolean {
    waitedMs += Math.min(parts.now() - waitedAt, longestRetryMs)
    waitedAt = parts.now()
    return storage.get(identifyingKey) !== null && waitedMs < limits.identityMs
  }

  /** The previous customer's data must not be shown or sent as the new one's. */
  function reloadPage(): never {
    parts.reload()
    throw RequestError.offline()
  }

  async function resume(changes: IdentityClaims = {}): Promise<AccessToken> {
    const claims = pendingClaims
    try {
      const renewed = await requestSession({ ...claims, ...changes })
      if (pendingClaims === claims) pendingClaims = null
      // The page has set another identity since.
      return pendingClaims ? resume() : renewed
    } catch (error) {
      if (!claims || !(error instanceof RequestError) || error.retryable) throw error
      // Continue without the identity.
      storage.remove(identifyingKey)
      if (pendingClaims === claims) pendingClaims = null
      onIdentityRejected(error)
      return resume(changes)
    }
  }

  async function clear(): Promise<void> {
    await clearOutbox()
    for (const name of storage.names('')) storage.remove(name)
  }

  /**
   * The server no longer knows the session. Unsent text stays, unless it is of somebody whom the shop has identified.
   */
  async function startOver(): Promise<void> {
    if (storage.get(subjectKey) !== null) return clear()
    await detachOutbox()
    for (const name of storage.names('')) if (!unsent.test(name)) storage.remove(name)
  }

  // Another tab has ended the session or switched the customer.
  storage.watch((name, id) => {
    if (name !== customerKey) return
    if (id === null || (customer.value && id !== `${customer.value.id}`)) parts.reload()
  })

  return {
    customer,
    site,
    getToken: () => token,
    renewToken() {
      pendingRenewal ??= resume().finally(() => {
        pendingRenewal = null
      })
      return pendingRenewal
    },
    hasSession: () => storage.get(resumeKey) !== null,
    async setEmail(email) {
      await resume({ email })
    },
    setAvailable(available) {
      if (site.value) site.value = { ...site.value, available }
    },
    setClaims({ identity, ...claims }) {
      const isNew = identity !== undefined && !usedIdentity.is(identity)
      const previousSubject = storage.get(subjectKey)
      if (isNew && previousSubject !== null && previousSubject !== subjectOf(identity)) return false
      pendingClaims = isNew ? { identity, ...claims } : claims
      return true
    },
    async end() {
      isEnded = true
      token = null
      const resumeToken = storage.get(resumeKey)
      await clear()
      if (resumeToken === null) return
      await parts.call('/widget/logout', { body: { resumeToken }, deadlineMs: logoutTimeoutMs }).catch(() => undefined)
    },
  }
}
