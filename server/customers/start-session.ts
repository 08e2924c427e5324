// Starts or continues the widget's session: the same customer, the one whom the shop identifies, or a new anonymous one
// if the site allows it.

import type { Transaction } from '#db/core/database.ts'
import { countAvailableAgents } from '#db/queries/agents.ts'
import { selectUnfinishedIdsOfCustomer } from '#db/queries/conversations.ts'
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
import type { App } from '../context.ts'
import { touchConversations } from '../conversation-state/touch-conversations.ts'
import { inUnitOfWork } from '../conversation-state/update-conversations.ts'
import type { ConnectionMatch } from '../ports.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'
import { findByKey } from '../sites/find-by-key.ts'
import { identify } from './identify.ts'
import { type ContinuedSession, continueSession } from './resume-session.ts'
import { type Identity, verifyIdentity } from './verify-identity.ts'

/**
 * Throws not_found for an unknown site, rate_limited over a budget, unauthorized for an invalid identity, and
 * identity_required if the site refuses anonymous customers.
 */
export async function startSession(
  app: App,
  body: WidgetSessionBody,
  address: ClientAddress,
): Promise<WidgetSessionReply> {
  const admission = admit(app, body, address)
  const site = await findByKey(app.db, body.site)
  if (site === undefined) throw new AppError('not_found', 'There is no such site.')
  const identity = body.identity === undefined ? undefined : await verifyIdentity(app, site, body.identity, address)
  const { started, customer } = await inUnitOfWork(app, async (unit) => {
    const { trx, isRetry } = unit
    const before = await continueSession(app, trx, site.id, body)
    admission.count(before?.customerId)
    const started = await startAs(trx, site, before, identity)
    const current = (await findCustomer(trx, started.customerId)) as CustomerRecord
    const changes = changesOf(current, body, identity)
    const isNew = before === undefined && identity === undefined
    if (started.ended || (!isNew && isChanged(current, changes))) admission.countRename(current.id)
    await saveCustomer(trx, current.id, changes)
    const customer = (await findCustomer(trx, current.id)) as CustomerRecord
    const shouldPublish =
      isRetry || started.ended !== undefined || visibleToAgents(current) !== visibleToAgents(customer)
    if (shouldPublish) {
      const ids = await touchConversations(unit, await selectUnfinishedIdsOfCustomer(trx, customer.id))
      unit.afterCommit(() => {
        for (const id of ids) app.conversationUpdates.schedule(id, 'customer')
      })
    }
    return { started, customer }
  })
  if (started.ended) app.connections.end(started.ended, 'revoked')
  const { id, name, email, isEmailVerified } = customer
  return {
    ...signAccessToken(app, { userId: id, sessionId: started.sessionId, audience: 'customer' }),
    resumeToken: writeToken(started.sessionId, started.secret),
    customer: { id, name, email, isEmailVerified },
    site: await widgetSite(app, site),
  }
}

/**
 * A new session counts against its address, before any query. A continued session counts against its customer alone. If
 * its token turns out to be invalid, it counts as new. Each counts once, however often the transaction runs.
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

/** Whether a token has our format; the database decides whether it is valid. */
const mayContinue = (app: App, { resumeToken, token }: WidgetSessionBody) =>
  readToken(resumeToken) !== undefined || readAccessToken(app, token)?.audience === 'customer'

async function startAs(
  trx: Transaction,
  { id: siteId, requireIdentity }: SiteRecord,
  before: ContinuedSession | undefined,
  identity: Identity | undefined,
): Promise<ContinuedSession & { ended?: ConnectionMatch }> {
  if (identity) return identify(trx, siteId, before, identity.externalId)
  if (requireIdentity && (before === undefined || (await findExternalId(trx, before.customerId)) === null))
    throw new AppError('identity_required', 'Sign in at the shop first.')
  return before ?? startAnonymous(trx, siteId)
}

async function startAnonymous(trx: Transaction, siteId: number): Promise<ContinuedSession> {
  const secret = newSecret()
  const customerId = await insertCustomer(trx, siteId)
  return { customerId, sessionId: await insertCustomerSession(trx, customerId, hashSecret(secret)), secret }
}

/**
 * Verified values win; the page's own apply only where the shop has verified none. A blocked customer changes nothing.
 */
function changesOf(
  current: CustomerRecord,
  claimed: WidgetSessionBody,
  identity: Identity | undefined,
): CustomerChanges {
  if (current.isBlocked) return {}
  return {
    language: languageOf(claimed.locale),
    ...(identity?.name !== undefined
      ? { name: identity.name, isNameVerified: true }
      : { name: current.isNameVerified || claimed.name === undefined ? undefined : stripBidiControls(claimed.name) }),
    ...(identity?.email !== undefined
      ? { email: identity.email, isEmailVerified: true }
      : { email: current.isEmailVerified ? undefined : claimed.email }),
  }
}

const isChanged = (current: CustomerRecord, { name, email }: CustomerChanges) =>
  (name !== undefined && name !== current.name) || (email !== undefined && email !== current.email)

const visibleToAgents = ({ name, email, isNameVerified, isEmailVerified }: CustomerRecord) =>
  JSON.stringify([name, email, isNameVerified, isEmailVerified])

/** The nearest supported language. */
function languageOf(locale: string | undefined): CustomerChanges['language'] {
  if (locale === undefined) return undefined
  return /^zh(-|$)/i.test(locale) ? 'zh-CN' : 'en'
}

async function widgetSite(app: App, { key, origins, name, color, position, greeting }: SiteRecord) {
  return { key, origins, name, color, position, greeting, available: (await countAvailableAgents(app.db)) > 0 }
}
