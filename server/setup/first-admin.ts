// Creates the first admin once, from the setup page or ADMIN_PASSWORD. The installation's lock decides between
// concurrent attempts.

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
import { createMicroCache, type MicroCache } from '../shared/micro-cache.ts'
import { newSiteKey } from '../sites/site-key.ts'

export async function isSetupNeeded({ db }: Pick<App, 'db'>): Promise<boolean> {
  return !(await hasAdmin(db))
}

const setupNeeded = new WeakMap<Database, MicroCache<boolean>>()

/** For callers without a token: cached for serverLimits.cachedReplyMs. */
export function isSetupNeededCached({ db }: Pick<App, 'db'>): Promise<boolean> {
  const cache = setupNeeded.get(db) ?? createMicroCache(serverLimits.cachedReplyMs, () => isSetupNeeded({ db }))
  setupNeeded.set(db, cache)
  return cache.get()
}

export const invalidateSetupNeeded = ({ db }: Pick<App, 'db'>): void => setupNeeded.get(db)?.forget()

/** Proves that its holder can read the log. Derived from JWT_SECRET, so every node and every start agree. */
export function setupCode(app: Pick<App, 'jwtSecrets'>): string {
  return setupCodes(app)[0] as string
}

/** The current code, and those that older secrets may have shown. */
export function setupCodes({ jwtSecrets }: Pick<App, 'jwtSecrets'>): string[] {
  return jwtSecrets.map((secret) => createHmac('sha256', secret).update('setup').digest('base64url'))
}

/** The new admin's id; 'taken' if the username is in use; undefined if an admin exists. */
export async function createFirstAdmin(trx: Transaction, admin: { username: string; passwordHash: string }) {
  await lockInstallationRow(trx)
  if (await hasAdmin(trx)) return undefined
  return (await insertUser(trx, { ...admin, name: admin.username, role: 'admin', email: null })) ?? 'taken'
}

/**
 * With ADMIN_PASSWORD set and no admin yet, creates the admin, and a site if none exists. Throws StartError if the name
 * is in use or the password is common.
 */
export async function ensureFirstAdmin(app: Pick<App, 'db' | 'config' | 'log'>): Promise<void> {
  const { adminUsername: username, adminPassword } = app.config
  if (adminPassword === null || !(await isSetupNeeded(app))) return
  if (isGuessable(adminPassword, [username])) throw new StartError('ADMIN_PASSWORD is too common: choose another.')
  const passwordHash = await hashPassword(adminPassword)
  const created = await inTransaction(app.db, async (trx) => {
    const id = await createFirstAdmin(trx, { username, passwordHash })
    if (typeof id === 'number' && !(await findFirstSite(trx)))
      await insertSite(trx, { key: newSiteKey(), name: 'Kefu' })
    return id
  })
  if (created === 'taken') throw new StartError('ADMIN_USERNAME is the name of an existing agent: choose another.')
  if (created !== undefined) app.log.info('first admin created from ADMIN_PASSWORD')
}
