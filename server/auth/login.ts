// An agent or admin logs in. Unknown, wrong and disabled are answered alike, and take as long.

import { inTransaction } from '#db/transaction.ts'
import { findAccount, findUser, lockAccount } from '#db/users.ts'
import type { LoginBody } from '#protocol/http.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { type LoggedIn, loginReply, openSession } from './open-session.ts'
import { tryPassword } from './try-password.ts'

export async function login(app: App, { username, password }: LoginBody, address: string): Promise<LoggedIn> {
  const account = await findAccount(app.db, username)
  const passwordHash = account?.disabledAt === null ? account.passwordHash : undefined
  const fits = await tryPassword(app, { username, password, passwordHash, address })
  const opened = await inTransaction(app.db, async (trx) => {
    const current = fits && account ? await lockAccount(trx, account.id) : undefined
    // Whoever was disabled, or got another password, while this one was being verified.
    if (current?.disabledAt !== null || current.passwordHash !== passwordHash) return undefined
    const user = await findUser(trx, current.id)
    return user && { user, ...(await openSession(trx, user.id)) }
  })
  if (opened === undefined) throw new AppError('unauthorized', 'Wrong username or password.')
  return { reply: loginReply(app, opened.user, opened.sessionId), refreshToken: opened.refreshToken }
}
