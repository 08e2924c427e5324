// npm run reset-password -- USER: sets a random password, prints it once, and ends that user's logins.

import { randomBytes } from 'node:crypto'
import { inTransaction } from '#db/core/transaction.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { revokeLoginSessions } from '#db/queries/login-sessions.ts'
import { findAccount, saveUser } from '#db/queries/users.ts'
import { hashPassword } from '../auth/password.ts'
import { runCommand, withDatabase } from './run-command.ts'

await runCommand(async (config, [username, ...more]) => {
  if (username === undefined || more.length > 0) throw new StartError('Usage: npm run reset-password -- USER')
  const password = randomBytes(12).toString('base64url')
  const passwordHash = await hashPassword(password)
  const account = await withDatabase(config, (db) =>
    inTransaction(db, async (trx) => {
      const account = await findAccount(trx, username)
      if (account === undefined) throw new StartError(`There is no agent or admin called ${username}.`)
      await saveUser(trx, account, { passwordHash })
      await revokeLoginSessions(trx, account.id)
      return account
    }),
  )
  console.log(`New password of ${account.username}: ${password}`)
  if (account.disabledAt !== null) console.log('This user is disabled: an admin has to enable the account.')
})
