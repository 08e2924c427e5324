// The first admin: made once, by the setup page or by ADMIN_PASSWORD. Two at once: the installation's lock lets one win.

import { createHmac } from 'node:crypto'
import type { Database, Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { lockInstallationRow } from '#db/queries/installation.ts'
import { findFirstSite, insertSite } from '#db/queries/sites.ts'
import { hasAdmin, insertUser } from '#db/queries/users.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { hashPassword } from '../auth/password.ts'
import { isGuessable } from '../auth/password-policy.ts'
import type { App } from '../context.ts'
import { type BriefCache, createBriefCache } from '../shared/brief-cache.ts'
import { newSiteKey } from '../sites/site-key.ts'

export async function isSetupNeeded({ db }: Pick<App, 'db'>): Promise<boolean> {
  return !(await hasAdmin(db))
}

const cachedNeeds = new WeakMap<Database, BriefCache<boolean>>()

/** The same for those who ask without a token: serverLimits.cachedReplyMs old at most. */
export function isSetupStillNeeded({ db }: Pick<App, 'db'>): Promise<boolean> {
  const need = cachedNeeds.get(db) ?? createBriefCache(serverLimits.cachedReplyMs, () => isSetupNeeded({ db }))
  cachedNeeds.set(db, need)
  return need.get()
}

export const forgetCachedNeed = ({ db }: Pick<App, 'db'>): void => cachedNeeds.get(db)?.forget()

/** Proves that whoever sets up can read the log. Derived, so that every node and every start has the same one. */
export function setupCode(app: Pick<App, 'jwtSecrets'>): string {
  return setupCodes(app)[0] as string
}

/** The one that is shown, and those that may have been shown under the older secrets. */
export function setupCodes({ jwtSecrets }: Pick<App, 'jwtSecrets'>): string[] {
  return jwtSecrets.map((secret) => createHmac('sha256', secret).update('setup').digest('base64url'))
}

/** The new admin's id; 'taken' when somebody else has that username; undefined when there is an admin already. */
export async function makeFirstAdmin(trx: Transaction, admin: { username: string; passwordHash: string }) {
  await lockInstallationRow(trx)
  if (await hasAdmin(trx)) return undefined
  return (await insertUser(trx, { ...admin, name: admin.username, role: 'admin', email: null })) ?? 'taken'
}

/** With ADMIN_PASSWORD set and no admin yet: makes the admin, and a site if there is none. Throws StartError when its name is taken or its password is guessed first. */
export async function ensureFirstAdmin(app: Pick<App, 'db' | 'config' | 'log'>): Promise<void> {
  const { adminUsername: username, adminPassword } = app.config
  if (adminPassword === null || !(await isSetupNeeded(app))) return
  if (isGuessable(adminPassword, [username]))
    throw new StartError('ADMIN_PASSWORD is among the passwords that are tried first: choose another.')
  const passwordHash = await hashPassword(adminPassword)
  const made = await inTransaction(app.db, async (trx) => {
    const id = await makeFirstAdmin(trx, { username, passwordHash })
    if (typeof id === 'number' && !(await findFirstSite(trx)))
      await insertSite(trx, { key: newSiteKey(), name: 'Kefu' })
    return id
  })
  if (made === 'taken') throw new StartError('ADMIN_USERNAME names an agent who is there already: choose another.')
  if (made !== undefined) app.log.info('made the first admin from ADMIN_PASSWORD')
}
