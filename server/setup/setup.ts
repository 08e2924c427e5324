// Whoever holds the one-time code makes the first admin and the first site, and is logged in.

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
import { forgetCachedNeed, isSetupStillNeeded, makeFirstAdmin, setupCodes } from './first-admin.ts'

const alreadyDone = () => new AppError('conflict', 'Kefu has been set up already: sign in.')

export async function setup(
  app: App,
  { code, username, password, siteName, siteOrigin }: SetupBody,
  browser: Browser,
): Promise<{ reply: SetupReply; refreshToken: string }> {
  if (!(await isSetupStillNeeded(app))) throw alreadyDone()
  checkCode(app, code, browser.address)
  assertAcceptable(password, [username, siteName])
  const origins = normalOrigins(siteOrigin === undefined ? [] : [siteOrigin])
  const passwordHash = await hashPassword(password)
  const { user, site, session } = await inTransaction(app.db, async (trx) => {
    const id = await makeFirstAdmin(trx, { username, passwordHash })
    if (id === undefined) throw alreadyDone()
    if (id === 'taken') throw new AppError('conflict', 'Somebody has this username already.')
    const site = await makeFirstSite(trx, { name: stripBidiControls(siteName), origins })
    return { user: (await findUser(trx, id)) as User, site, session: await openSession(trx, id, browser) }
  })
  forgetCachedNeed(app)
  forgetCachedSites(app.db)
  logSecurity(app, 'sign_in', { userId: user.id, sessionId: session.sessionId })
  return {
    reply: { ...loginReply(app, user, session.sessionId), site: siteView(app, site) },
    refreshToken: session.refreshToken,
  }
}

/** Wrong ones count as failures to log in. */
function checkCode(app: App, code: string, address: ClientAddress): void {
  checkLoginFailures(app, address)
  const hash = (text: string) => createHash('sha256').update(text).digest()
  // One that was shown before JWT_SECRET got a new first secret is as good.
  if (setupCodes(app).some((good) => timingSafeEqual(hash(code), hash(good)))) return
  countLoginFailure(app, address)
  throw new AppError('forbidden', 'This is not the code that stands in the log.')
}

/** A database from the original design may have a site already, which has no better name yet. */
async function makeFirstSite(trx: Transaction, site: { name: string; origins: string[] }): Promise<SiteRecord> {
  const there = await findFirstSite(trx)
  if (there) await saveSite(trx, there.id, site)
  const id = there?.id ?? (await insertSite(trx, { key: newSiteKey(), ...site }))
  return (await findSite(trx, id)) as SiteRecord
}
