// The widget's session: the same customer again, or the one whom the shop vouches for, else a new anonymous one where the site allows that.

import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { countAvailableAgents } from '#db/queries/agents.ts'
import { touchUnfinishedOfCustomer } from '#db/queries/conversations.ts'
import { insertCustomerSession } from '#db/queries/customer-sessions.ts'
import { findExternalId } from '#db/queries/identified-customers.ts'
import type { SiteRecord } from '#db/queries/sites.ts'
import {
  type CustomerChanges,
  type CustomerRecord,
  findCustomer,
  insertCustomer,
  saveCustomer,
} from '#db/queries/users.ts'
import type { WidgetSessionBody, WidgetSessionReply } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { hashSecret, newSecret, readToken, writeToken } from '../auth/rotating-token.ts'
import { readAccessToken, signAccessToken } from '../auth/tokens.ts'
import { consumeByAddress, consumeByCustomer } from '../budgets/by-address.ts'
import type { App, ConnectionMatch } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'
import { findByKey } from '../sites/find-by-key.ts'
import { identify } from './identify.ts'
import { type Continued, continueSession } from './resume-session.ts'
import { type Identity, verifyIdentity } from './verify-identity.ts'

/**
 * Throws not_found for an unknown site, rate_limited over a budget, unauthorized for an identity that is not good, identity_required where
 * somebody anonymous may not be.
 */
export async function startSession(
  app: App,
  body: WidgetSessionBody,
  address: ClientAddress,
): Promise<WidgetSessionReply> {
  const admission = admit(app, body, address)
  const site = await findByKey(app.db, body.site)
  if (site === undefined) throw new AppError('not_found', 'There is no such site.')
  const identity = body.identity === undefined ? undefined : await verifyIdentity(app, site, body.identity)
  const { started, customer, changedIds } = await inTransaction(app.db, async (trx, again) => {
    const before = await continueSession(app, trx, site.id, body)
    admission.count(before?.customerId)
    const started = await startAs(trx, site, before, identity)
    const known = (await findCustomer(trx, started.customerId)) as CustomerRecord
    const changes = whatIsNew(known, body, identity)
    const isNew = before === undefined && identity === undefined
    if (started.ended || (!isNew && isChanged(known, changes))) admission.countRename(known.id)
    await saveCustomer(trx, known.id, changes)
    const customer = (await findCustomer(trx, known.id)) as CustomerRecord
    const isNews = again || started.ended !== undefined || agentsSee(known) !== agentsSee(customer)
    return { started, customer, changedIds: isNews ? await touchUnfinishedOfCustomer(trx, customer.id) : [] }
  })
  if (started.ended) app.connections.end(started.ended, 'revoked')
  for (const id of changedIds) app.teller.soon(id, 'customer')
  const { id, name, email, isEmailVerified } = customer
  return {
    ...signAccessToken(app, { userId: id, sessionId: started.sessionId, audience: 'customer' }),
    resumeToken: writeToken(started.sessionId, started.secret),
    customer: { id, name, email, isEmailVerified },
    site: await widgetSite(app, site),
  }
}

/**
 * A beginning counts against its address, before anything is looked up. A session that goes on counts against its customer alone; a token
 * that turns out not to be good is a beginning after all. Each counts once, however often the transaction runs.
 */
function admit(app: App, body: WidgetSessionBody, address: ClientAddress) {
  let isBeginning = false
  let isCounted = false
  let isRenameCounted = false
  const begin = () => {
    if (isBeginning) return
    app.violations.check(address)
    consumeByAddress(app.rates, 'sessions', address)
    isBeginning = true
  }
  if (!mayContinue(app, body)) begin()
  return {
    count(customerId: number | undefined) {
      if (customerId === undefined) begin()
      else if (!isCounted) app.rates.consume('sessionsPerCustomer', customerId)
      isCounted = true
    },
    countRename(customerId: number) {
      if (!isRenameCounted) consumeByCustomer(app.rates, 'renames', customerId, address)
      isRenameCounted = true
    },
  }
}

/** Whether there is a token that can be one of ours; the database says whether it is good. */
const mayContinue = (app: App, { resumeToken, token }: WidgetSessionBody) =>
  readToken(resumeToken) !== undefined || readAccessToken(app, token)?.audience === 'customer'

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

/** What the shop vouches for counts; what a page said counts where the shop has not vouched. Nothing of a blocked customer changes. */
function whatIsNew(known: CustomerRecord, said: WidgetSessionBody, identity: Identity | undefined): CustomerChanges {
  if (known.isBlocked) return {}
  return {
    language: languageOf(said.locale),
    ...(identity?.name !== undefined
      ? { name: identity.name, isNameVerified: true }
      : { name: known.isNameVerified || said.name === undefined ? undefined : stripBidiControls(said.name) }),
    ...(identity?.email !== undefined
      ? { email: identity.email, isEmailVerified: true }
      : { email: known.isEmailVerified ? undefined : said.email }),
  }
}

const isChanged = (known: CustomerRecord, { name, email }: CustomerChanges) =>
  (name !== undefined && name !== known.name) || (email !== undefined && email !== known.email)

const agentsSee = ({ name, email, isNameVerified, isEmailVerified }: CustomerRecord) =>
  JSON.stringify([name, email, isNameVerified, isEmailVerified])

/** The nearest language we speak. */
function languageOf(locale: string | undefined): CustomerChanges['language'] {
  if (locale === undefined) return undefined
  return /^zh(-|$)/i.test(locale) ? 'zh-CN' : 'en'
}

async function widgetSite(app: App, { key, origins, name, color, position, greeting }: SiteRecord) {
  return { key, origins, name, color, position, greeting, available: (await countAvailableAgents(app.db)) > 0 }
}
