// Who this customer is to the server: an access token held in memory, and a rotating resume token that this browser keeps for the site.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Customer, WidgetSite } from '#protocol/entities.ts'
import type { WidgetSessionBody, WidgetSessionReply } from '#protocol/http.ts'
import { type AccessToken, accessToken } from '../shared/connection/access-token.ts'
import { callApi } from '../shared/connection/call-api.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import { language } from '../shared/i18n/language.ts'
import type { Storage } from '../shared/storage/storage.ts'

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
  /** Leaves no trace of the customer in this browser. */
  forget: () => Promise<void>
}

const resumeKey = 'resume'
const customerKey = 'customer'

/** Without a key it is the first site of the server. `forgetUnsent` forgets what the customer has not sent yet. */
export function openCustomerSession(
  storage: Storage,
  siteKey: string | null,
  forgetUnsent: () => Promise<void>,
): CustomerSession {
  const customer = signal<Customer | null>(null)
  const site = signal<WidgetSite | null>(null)
  let token: AccessToken | null = null
  let asking: Promise<AccessToken> | null = null
  let isForgotten = false

  async function ask(body: WidgetSessionBody): Promise<AccessToken> {
    const common = { ...(siteKey ? { site: siteKey } : {}), locale: language.value }
    const reply = await callApi<WidgetSessionReply>('/widget/session', { body: { ...common, ...body } })
    if (isForgotten) throw RequestError.offline()
    const before = customer.value?.id ?? storage.get(customerKey)
    const isOther = before !== null && Number(before) !== reply.customer.id
    if (isOther) await clear()
    storage.set(resumeKey, reply.resumeToken)
    storage.set(customerKey, `${reply.customer.id}`)
    if (isOther) {
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
    if (resumeToken === null) return ask({})
    try {
      return await ask({ resumeToken })
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'unauthorized') throw error
      // Another tab may have rotated it at the very same moment; only a token that stayed refused is given up.
      return storage.get(resumeKey) === resumeToken ? ask({}) : resume()
    }
  }

  async function clear(): Promise<void> {
    await forgetUnsent()
    for (const name of storage.names('')) storage.remove(name)
  }

  // Another tab has ended the session: this one goes on as nobody.
  storage.watch(resumeKey, (resumeToken) => resumeToken === null && location.reload())

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
    forget() {
      isForgotten = true
      token = null
      return clear()
    },
  }
}
