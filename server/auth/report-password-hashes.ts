// Says at the start how many accounts cannot sign in because Kefu cannot verify their password hashes. The line names
// neither accounts nor hashes.

import type { Database } from '#db/core/database.ts'
import { selectPasswordHashes } from '#db/queries/users.ts'
import type { App } from '../context.ts'
import { readPasswordHash } from './password-hash.ts'

export async function reportPasswordHashes({ db, log }: Pick<App, 'log'> & { db: Database }): Promise<void> {
  const accounts = await selectPasswordHashes(db)
  const unusable = accounts.flatMap(({ role, passwordHash }) => {
    const hash = readPasswordHash(passwordHash)
    return hash.scheme === 'unusable' ? [{ role, name: hash.name }] : []
  })
  if (unusable.length === 0) return
  const names = [...new Set(unusable.map(({ name }) => name))].sort().join(', ')
  const admins = accounts.filter(({ role }) => role === 'admin').length
  const isEveryAdmin = admins > 0 && unusable.filter(({ role }) => role === 'admin').length === admins
  const who = `${isEveryAdmin ? 'no admin can' : `${unusable.length} of ${accounts.length} accounts cannot`} sign in`
  const line = `${who}: Kefu cannot verify their password hashes (${names}); set new passwords with npm run reset-password -- USER`
  if (isEveryAdmin) log.error(line)
  else log.warn(line)
}
