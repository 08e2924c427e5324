// Who this customer is to the server: an access token held in memory, and a rotating resume token that this browser keeps for the site.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Customer, WidgetSite } from '#protocol/entities.ts'
import type { WidgetSessionBody, WidgetSessionReply } from '#protocol/http.ts'
import { type AccessToken, accessToken } from '../shared/connection/access-token.ts'
import { callApi } from '../shared/connection/call-api.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import { language } from '../shared/i18n/language.ts'
import type { Storage } from '../shared/storage/storage.ts'
import { isUsed, markUsed, subjectOf, type Told } from './identity.ts'

export interface CustomerSession {
  customer: ReadonlySignal<Customer | null>
  site: ReadonlySignal<WidgetSite | null>
  getToken: () => AccessToken | null
  /** A new token for the same customer, or for a new one where nothing was kept. */
  renewToken: () => Promise<AccessToken>
  /** Somebody has written here before. */
  isKnown: () => boolean
  setEmail: (email: string) => Promise<void>
  setAvailable: (available: boolean) => void
  /** What the page says of the customer, told with the next call. False when it names another than the one this browser has: end that first. */
  takeTold: (said: Told) => boolean
  /** Ends the session and leaves no trace of the customer in this browser. */
  end: () => Promise<void>
}

const resumeKey = 'resume'
const customerKey = 'customer'
/** Whom the shop has vouched for, in its own words. */
const subjectKey = 'subject'
/** Nobody waits longer for a server that is to forget, too. */
const endMs = 2_000

interface SessionOptions {
  storage: Storage
  /** null: the first site of the server. */
  siteKey: string | null
  /** Forgets what the customer has not sent yet. */
  forgetUnsent: () => Promise<void>
  /** The server did not take what the page said. */
  onRefused: (error: RequestError) => void
}

export function openCustomerSession({ storage, siteKey, forgetUnsent, onRefused }: SessionOptions): CustomerSession {
  const customer = signal<Customer | null>(null)
  const site = signal<WidgetSite | null>(null)
  let token: AccessToken | null = null
  let asking: Promise<AccessToken> | null = null
  let isForgotten = false
  let told: Told | null = null

  async function ask(body: Partial<Record<keyof WidgetSessionBody, string | undefined>>): Promise<AccessToken> {
    const common = { ...(siteKey ? { site: siteKey } : {}), locale: language.value }
    const reply = await callApi<WidgetSessionReply>('/widget/session', { body: { ...common, ...body } })
    if (isForgotten) throw RequestError.offline()
    const id = `${reply.customer.id}`
    const kept = storage.get(customerKey)
    // Another tab may have forgotten the one before already: what is kept is the new one's then.
    if (kept !== null && kept !== id) await clear()
    storage.set(resumeKey, reply.resumeToken)
    storage.set(customerKey, id)
    if (body.identity) {
      storage.set(subjectKey, subjectOf(body.identity))
      markUsed(storage.area, body.identity)
    }
    if ((kept ?? id) !== id || (customer.value?.id ?? reply.customer.id) !== reply.customer.id) {
      // Nothing of the one before may be shown, or be sent as the new one's.
      location.reload()
      throw RequestError.offline()
    }
    token = accessToken(reply)
    customer.value = reply.customer
    site.value = reply.site
    return token
  }

  async function resume(): Promise<AccessToken> {
    // Read anew each time: another tab may have rotated it.
    const resumeToken = storage.get(resumeKey)
    const said = told
    try {
      const renewed = await ask({ ...said, ...(resumeToken === null ? {} : { resumeToken }) })
      if (told === said) told = null
      // What the page has said meanwhile.
      return told ? resume() : renewed
    } catch (error) {
      if (!said || !(error instanceof RequestError) || error.retryable) throw error
      // One goes on as if the page had said nothing.
      if (told === said) told = null
      onRefused(error)
      return resume()
    }
  }

  async function clear(): Promise<void> {
    await forgetUnsent()
    for (const name of storage.names('')) storage.remove(name)
  }

  // Another tab has ended the session, or goes on as somebody else: this one goes along.
  storage.watch((name, id) => {
    if (name !== customerKey) return
    if (id === null || (customer.value && id !== `${customer.value.id}`)) location.reload()
  })

  return {
    customer,
    site,
    getToken: () => token,
    renewToken() {
      asking ??= resume().finally(() => {
        asking = null
      })
      return asking
    },
    isKnown: () => storage.get(resumeKey) !== null,
    async setEmail(email) {
      const { token: current } = token ?? (await resume())
      await ask({ token: current, email })
    },
    setAvailable(available) {
      if (site.value) site.value = { ...site.value, available }
    },
    takeTold({ identity, ...said }) {
      const isNew = identity !== undefined && !isUsed(storage.area, identity)
      const before = storage.get(subjectKey)
      if (isNew && before !== null && before !== subjectOf(identity)) return false
      told = isNew ? { identity, ...said } : said
      return true
    },
    async end() {
      isForgotten = true
      token = null
      const resumeToken = storage.get(resumeKey)
      await clear()
      if (resumeToken === null) return
      await callApi('/widget/logout', { body: { resumeToken }, deadlineMs: endMs }).catch(() => undefined)
    },
  }
}
