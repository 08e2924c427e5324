// The customer's session: an access token in memory, and a rotating resume token stored per site.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Customer, WidgetSite } from '#protocol/entities.ts'
import type { WidgetSessionBody, WidgetSessionReply } from '#protocol/http.ts'
import { type AccessToken, accessToken } from '../shared/connection/access-token.ts'
import { callApi } from '../shared/connection/call-api.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import { language } from '../shared/i18n/language.ts'
import type { Storage } from '../shared/storage/storage.ts'
import { type IdentityClaims, isUsed, markUsed, subjectOf } from './identity.ts'

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
/** How long to wait for the server's reply to a logout. */
const logoutTimeoutMs = 2_000

interface SessionOptions {
  storage: Storage
  /** null: the server's first site. */
  siteKey: string | null
  /** Deletes the customer's unsent messages. */
  clearOutbox: () => Promise<void>
  /** The server rejected the identity. */
  onIdentityRejected: (error: RequestError) => void
}

export function openCustomerSession({
  storage,
  siteKey,
  clearOutbox,
  onIdentityRejected,
}: SessionOptions): CustomerSession {
  const customer = signal<Customer | null>(null)
  const site = signal<WidgetSite | null>(null)
  let token: AccessToken | null = null
  let pendingRenewal: Promise<AccessToken> | null = null
  let isEnded = false
  let pendingClaims: IdentityClaims | null = null

  async function requestSession(
    body: Partial<Record<keyof WidgetSessionBody, string | undefined>>,
  ): Promise<AccessToken> {
    const common = { ...(siteKey ? { site: siteKey } : {}), locale: language.value }
    const reply = await callApi<WidgetSessionReply>('/widget/session', { body: { ...common, ...body } })
    if (isEnded) throw RequestError.offline()
    const id = `${reply.customer.id}`
    const storedId = storage.get(customerKey)
    // Another tab may have replaced the customer: the stored session then belongs to the new one.
    if (storedId !== null && storedId !== id) await clear()
    storage.set(resumeKey, reply.resumeToken)
    storage.set(customerKey, id)
    if (body.identity) {
      storage.set(subjectKey, subjectOf(body.identity))
      markUsed(storage.area, body.identity)
    }
    if ((storedId ?? id) !== id || (customer.value?.id ?? reply.customer.id) !== reply.customer.id) {
      // The previous customer's data must not be shown or sent as the new one's.
      location.reload()
      throw RequestError.offline()
    }
    token = accessToken(reply)
    customer.value = reply.customer
    site.value = reply.site
    return token
  }

  async function resume(): Promise<AccessToken> {
    // Read it every time: another tab may have rotated it.
    const resumeToken = storage.get(resumeKey)
    const claims = pendingClaims
    try {
      const renewed = await requestSession({ ...claims, ...(resumeToken === null ? {} : { resumeToken }) })
      if (pendingClaims === claims) pendingClaims = null
      // The page has set another identity since.
      return pendingClaims ? resume() : renewed
    } catch (error) {
      if (!claims || !(error instanceof RequestError) || error.retryable) throw error
      // Continue without the identity.
      if (pendingClaims === claims) pendingClaims = null
      onIdentityRejected(error)
      return resume()
    }
  }

  async function clear(): Promise<void> {
    await clearOutbox()
    for (const name of storage.names('')) storage.remove(name)
  }

  // Another tab has ended the session or switched the customer.
  storage.watch((name, id) => {
    if (name !== customerKey) return
    if (id === null || (customer.value && id !== `${customer.value.id}`)) location.reload()
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
      const { token: current } = token ?? (await resume())
      await requestSession({ token: current, email })
    },
    setAvailable(available) {
      if (site.value) site.value = { ...site.value, available }
    },
    setClaims({ identity, ...claims }) {
      const isNew = identity !== undefined && !isUsed(storage.area, identity)
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
      await callApi('/widget/logout', { body: { resumeToken }, deadlineMs: logoutTimeoutMs }).catch(() => undefined)
    },
  }
}
