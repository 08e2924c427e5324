// The widget's session: the same customer again, or the one whom the shop vouches for, else a new anonymous one where the site allows that.

import { countAgentsHere } from '#db/agents.ts'
import { touchConversationsOfCustomer } from '#db/conversations.ts'
import { insertCustomerSession } from '#db/customer-sessions.ts'
import type { Transaction } from '#db/database.ts'
import { findExternalId } from '#db/known-customers.ts'
import type { SiteRecord } from '#db/sites.ts'
import { inTransaction } from '#db/transaction.ts'
import { type CustomerChanges, type CustomerRecord, findCustomer, insertCustomer, saveCustomer } from '#db/users.ts'
import type { WidgetSessionBody, WidgetSessionReply } from '#protocol/http.ts'
import { hashSecret, newSecret, writeToken } from '../auth/rotating-token.ts'
import { signAccessToken } from '../auth/tokens.ts'
import type { App, ConnectionMatch } from '../context.ts'
import { tellInTurn } from '../conversations/tell.ts'
import { AppError } from '../errors.ts'
import { findByKey } from '../sites/find-by-key.ts'
import { type Continued, continueSession } from './continue-session.ts'
import { identify } from './identify.ts'
import { type Identity, verifyIdentity } from './verify-identity.ts'

/**
 * Throws not_found for an unknown site, rate_limited after budgets.sessionsPerAddress, unauthorized for an identity that is not good,
 * identity_required where somebody anonymous may not be.
 */
export async function startSession(app: App, body: WidgetSessionBody, address: string): Promise<WidgetSessionReply> {
  app.rates.consume('sessionsPerAddress', address)
  const site = await findByKey(app.db, body.site)
  if (site === undefined) throw new AppError('not_found', 'There is no such site.')
  const identity = body.identity === undefined ? undefined : await verifyIdentity(app, site, body.identity)
  const { started, customer, changedIds } = await inTransaction(app.db, async (trx, again) => {
    const before = await continueSession(app, trx, site.id, body)
    const started = await startAs(trx, site, before, identity)
    const known = (await findCustomer(trx, started.customerId)) as CustomerRecord
    await saveCustomer(trx, known.id, whatIsNew(known, body, identity))
    const customer = (await findCustomer(trx, known.id)) as CustomerRecord
    const isNews = again || started.ended !== undefined || agentsSee(known) !== agentsSee(customer)
    return { started, customer, changedIds: isNews ? await touchConversationsOfCustomer(trx, customer.id) : [] }
  })
  if (started.ended) app.connections.end(started.ended, 'revoked')
  void tellInTurn(app, changedIds, 'customer')
  const { id, name, email, isEmailVerified } = customer
  return {
    ...signAccessToken(app, { userId: id, sessionId: started.sessionId, audience: 'customer' }),
    resumeToken: writeToken(started.sessionId, started.secret),
    customer: { id, name, email, isEmailVerified },
    site: await widgetSite(app, site),
  }
}

async function startAs(
  trx: Transaction,
  { id: siteId, requireIdentity }: SiteRecord,
  before: Continued | undefined,
  identity: Identity | undefined,
): Promise<Continued & { ended?: ConnectionMatch }> {
  if (identity) return identify(trx, siteId, before, identity.externalId)
  if (requireIdentity && (before === undefined || (await findExternalId(trx, before.customerId)) === null))
    throw new AppError('identity_required', 'This shop serves customers who have signed in there.')
  return before ?? begin(trx, siteId)
}

async function begin(trx: Transaction, siteId: number): Promise<Continued> {
  const secret = newSecret()
  const customerId = await insertCustomer(trx, siteId)
  return { customerId, sessionId: await insertCustomerSession(trx, customerId, hashSecret(secret)), secret }
}

/** What the shop vouches for counts; what was only told counts where the shop has not vouched. */
function whatIsNew(known: CustomerRecord, told: WidgetSessionBody, identity: Identity | undefined): CustomerChanges {
  return {
    language: languageOf(told.locale),
    ...(identity?.name !== undefined
      ? { name: identity.name, isNameVerified: true }
      : { name: known.isNameVerified ? undefined : told.name }),
    ...(identity?.email !== undefined
      ? { email: identity.email, isEmailVerified: true }
      : { email: known.isEmailVerified ? undefined : told.email }),
  }
}

const agentsSee = ({ name, email, isNameVerified, isEmailVerified }: CustomerRecord) =>
  JSON.stringify([name, email, isNameVerified, isEmailVerified])

/** The nearest language we speak. */
function languageOf(locale: string | undefined): CustomerChanges['language'] {
  if (locale === undefined) return undefined
  return /^zh(-|$)/i.test(locale) ? 'zh-CN' : 'en'
}

async function widgetSite(app: App, { key, origins, name, color, position, greeting }: SiteRecord) {
  return { key, origins, name, color, position, greeting, available: (await countAgentsHere(app.db)) > 0 }
}
