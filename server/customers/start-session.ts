// The widget's session: the same customer again, by resume token or access token, else a new anonymous one. The resume token is replaced
// at each use; the one before it is answered with the same successor for as long as that has not been used, whenever that is.

import { countAgentsHere } from '#db/agents.ts'
import { touchConversationsOfCustomer } from '#db/conversations.ts'
import {
  type CustomerSession,
  insertCustomerSession,
  lockCustomerSession,
  rotateCustomerSession,
} from '#db/customer-sessions.ts'
import type { Transaction } from '#db/database.ts'
import type { SiteRecord } from '#db/sites.ts'
import { inTransaction } from '#db/transaction.ts'
import { type CustomerChanges, findCustomer, insertCustomer, saveCustomer } from '#db/users.ts'
import type { Customer } from '#protocol/entities.ts'
import type { WidgetSessionBody, WidgetSessionReply } from '#protocol/http.ts'
import {
  hashSecret,
  isSameHash,
  newSecret,
  readToken,
  successorInUse,
  successorOf,
  writeToken,
} from '../auth/rotating-token.ts'
import { readAccessToken, signAccessToken } from '../auth/tokens.ts'
import type { App } from '../context.ts'
import { tellInTurn } from '../conversations/tell.ts'
import { AppError } from '../errors.ts'
import { findByKey } from '../sites/find-by-key.ts'

/** Throws not_found for an unknown site, rate_limited after limits.sessionsPerAddress. */
export async function startSession(app: App, body: WidgetSessionBody, address: string): Promise<WidgetSessionReply> {
  app.rates.take('sessionsPerAddress', address)
  const site = await findByKey(app.db, body.site)
  if (site === undefined) throw new AppError('not_found', 'There is no such site.')
  const told: CustomerChanges = { name: body.name, email: body.email, language: languageOf(body.locale) }
  const { sessionId, secret, customer, changedIds } = await inTransaction(app.db, async (trx, again) => {
    const continued = (await resume(app, trx, site.id, body)) ?? (await goOn(app, trx, site.id, body))
    if (!continued) {
      const session = await begin(trx, site.id, told)
      return { ...session, customer: (await findCustomer(trx, session.customerId)) as Customer, changedIds: [] }
    }
    const before = await findCustomer(trx, continued.customerId)
    await saveCustomer(trx, continued.customerId, told)
    const after = (await findCustomer(trx, continued.customerId)) as Customer
    const isNews = again || before?.name !== after.name || before.email !== after.email
    const touched = isNews ? await touchConversationsOfCustomer(trx, after.id) : []
    return { ...continued, customer: after, changedIds: touched }
  })
  void tellInTurn(app, changedIds, 'customer')
  return {
    ...signAccessToken(app, { userId: customer.id, sessionId, audience: 'customer' }),
    resumeToken: writeToken(sessionId, secret),
    customer,
    site: await widgetSite(app, site),
  }
}

interface Continued {
  customerId: number
  sessionId: number
  /** The next resume token's. */
  secret: string
}

/** By resume token: the current one, or the one before it if what followed was never used. */
async function resume(
  app: App,
  trx: Transaction,
  siteId: number,
  { resumeToken }: WidgetSessionBody,
): Promise<Continued | undefined> {
  const presented = readToken(resumeToken)
  const session = presented && (await lockCustomerSession(trx, { id: presented.sessionId, siteId }))
  if (!session) return undefined
  if (isSameHash(presented.hash, session.tokenHash)) return rotate(app, trx, session)
  const secret = isSameHash(presented.hash, session.previousHash) ? successorInUse(app, session) : undefined
  return secret === undefined ? undefined : { customerId: session.customerId, sessionId: session.id, secret }
}

/** By access token. */
async function goOn(
  app: App,
  trx: Transaction,
  siteId: number,
  { token }: WidgetSessionBody,
): Promise<Continued | undefined> {
  const known = readAccessToken(app, token)
  if (known?.audience !== 'customer') return undefined
  const session = await lockCustomerSession(trx, { id: known.sessionId, siteId })
  return session?.customerId === known.userId ? rotate(app, trx, session) : undefined
}

async function rotate(app: App, trx: Transaction, session: CustomerSession): Promise<Continued> {
  const secret = successorOf(app, session.tokenHash)
  await rotateCustomerSession(trx, session, hashSecret(secret))
  return { customerId: session.customerId, sessionId: session.id, secret }
}

async function begin(trx: Transaction, siteId: number, told: CustomerChanges): Promise<Continued> {
  const secret = newSecret()
  const customerId = await insertCustomer(trx, siteId, told)
  return { customerId, sessionId: await insertCustomerSession(trx, customerId, hashSecret(secret)), secret }
}

/** The nearest language we speak. */
function languageOf(locale: string | undefined): CustomerChanges['language'] {
  if (locale === undefined) return undefined
  return /^zh(-|$)/i.test(locale) ? 'zh-CN' : 'en'
}

async function widgetSite(app: App, { key, origins, name, color, position, greeting }: SiteRecord) {
  return { key, origins, name, color, position, greeting, available: (await countAgentsHere(app.db)) > 0 }
}
