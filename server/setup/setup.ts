// Creates the first admin and the first site for the holder of the one-time code, and logs them in.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { findFirstSite, findSite, insertSite, type SiteRecord, saveSite } from '#db/queries/sites.ts'
import { findUser } from '#db/queries/users.ts'
import type { User } from '#protocol/entities.ts'
import type { SetupBody, SetupReply } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { checkLoginFailures, countLoginFailure } from '../auth/check-password.ts'
import { type Browser, loginReply, openSession } from '../auth/open-session.ts'
import { hashPassword } from '../auth/password.ts'
import { assertAcceptable } from '../auth/password-policy.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'
import { forgetCachedSites } from '../sites/cached-sites.ts'
import { normalOrigins } from '../sites/origins.ts'
import { newSiteKey } from '../sites/site-key.ts'
import { siteView } from '../sites/site-view.ts'
import { createFirstAdmin, invalidateSetupNeeded, isSetupNeededCached, setupCodes } from './first-admin.ts'

const alreadyDone = () => new AppError('conflict', 'Kefu is already set up: sign in.')

export async function setup(
  app: App,
  { code, username, password, siteName, siteOrigin }: SetupBody,
  browser: Browser,
): Promise<{ reply: SetupReply; refreshToken: string }> {
  if (!(await isSetupNeededCached(app))) throw alreadyDone()
  checkCode(app, code, browser.address)
  assertAcceptable(password, [username, siteName])
  const origins = normalOrigins(siteOrigin === undefined ? [] : [siteOrigin])
  const passwordHash = await hashPassword(password)
  const { user, site, session } = await inTransaction(app.db, async (trx) => {
    const id = await createFirstAdmin(trx, { username, passwordHash })
    if (id === undefined) throw alreadyDone()
    if (id === 'taken') throw new AppError('conflict', 'Choose another username; this one is in use.')
    const site = await createFirstSite(trx, { name: stripBidiControls(siteName), origins })
    return { user: (await findUser(trx, id)) as User, site, session: await openSession(trx, id, browser) }
  })
  invalidateSetupNeeded(app)
  forgetCachedSites(app.db)
  logSecurity(app, 'sign_in', { userId: user.id, sessionId: session.sessionId })
  return {
    reply: { ...loginReply(app, user, session.sessionId), site: siteView(app, site) },
    refreshToken: session.refreshToken,
  }
}

/** A wrong code counts as a login failure. */
function checkCode(app: App, code: string, address: ClientAddress): void {
  checkLoginFailures(app, address)
  const hash = (text: string) => createHash('sha256').update(text).digest()
  // Codes shown under an older first secret stay valid.
  if (setupCodes(app).some((good) => timingSafeEqual(hash(code), hash(good)))) return
  countLoginFailure(app, address)
  throw new AppError('forbidden', 'Invalid setup code.')
}

/** A migrated database already has a site, still with its default name. */
async function createFirstSite(trx: Transaction, site: { name: string; origins: string[] }): Promise<SiteRecord> {
  const existing = await findFirstSite(trx)
  if (existing) await saveSite(trx, existing.id, site)
  const id = existing?.id ?? (await insertSite(trx, { key: newSiteKey(), ...site }))
  return (await findSite(trx, id)) as SiteRecord
}
