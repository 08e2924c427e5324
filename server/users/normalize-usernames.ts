// Brings usernames that another program stored to the form in which logins look them up. Migrations could only lower
// their case.

import type { Database } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { normalizeStoredUsername, selectUnnormalizedUsernames } from '#db/queries/users.ts'
import type { App } from '../context.ts'

export async function normalizeUsernames({ db, log }: Pick<App, 'log'> & { db: Database }): Promise<void> {
  for (const account of await selectUnnormalizedUsernames(db)) {
    if (!(await inTransaction(db, (trx) => normalizeStoredUsername(trx, account))))
      log.warn({ userId: account.id }, 'this account cannot log in: its username equals another one once normalized')
  }
}
