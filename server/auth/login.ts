// Logs in an agent or admin. Unknown user, wrong password and disabled account get the same answer in the same time;
// only the security log names the user.

import { inTransaction } from '#db/core/transaction.ts'
import { type Account, findAccount, findUser, lockAccount, saveUser } from '#db/queries/users.ts'
import type { LoginBody } from '#protocol/http.ts'
import type { App } from '../context.ts'
import { AppError, asAppError } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'
import { checkLoginFailures, checkPassword } from './check-password.ts'
import { type Browser, type LoggedIn, loginReply, openSession } from './open-session.ts'
import { hashPassword, isOutdated } from './password.ts'
import { newDevice, readDevice, trustedDevice } from './trusted-device.ts'

export async function login(app: App, body: LoginBody, browser: Browser): Promise<LoggedIn> {
  let account: Account | undefined
  try {
    // A trusted device has its own budget, which is checked once the account is found.
    if (readDevice(app, browser.device) === undefined) checkLoginFailures(app, browser.address)
    account = await findAccount(app.db, body.username)
    const { sessionId, ...loggedIn } = await logInAs(app, account, body, browser)
    logSecurity(app, 'sign_in', { userId: loggedIn.reply.user.id, sessionId })
    return loggedIn
  } catch (error) {
    const reason = asAppError(error).code
    // A fault of ours refuses nobody.
    if (reason !== 'internal')
      logSecurity(app, 'sign_in_refused', { userId: account?.id, reason }, browser.address.group)
    throw error
  }
}

async function logInAs(
  app: App,
  account: Account | undefined,
  { username, password }: LoginBody,
  browser: Browser,
): Promise<LoggedIn & { sessionId: number }> {
  const passwordHash = account?.disabledAt === null ? account.passwordHash : undefined
  const device = account && trustedDevice(app, account.id, browser.device)
  const { address } = browser
  const isCorrect = await checkPassword(app, {
    accountId: account?.id,
    username,
    password,
    passwordHash,
    address,
    device,
  })
  const rehashed = isCorrect && isOutdated(passwordHash) ? await hashPassword(password) : undefined
  const opened = await inTransaction(app.db, async (trx) => {
    const current = isCorrect && account ? await lockAccount(trx, account.id) : undefined
    // The account may have been disabled, or its password changed, during verification.
    if (current?.disabledAt !== null || current.passwordHash !== passwordHash) return undefined
    if (rehashed !== undefined) await saveUser(trx, current, { passwordHash: rehashed })
    const user = await findUser(trx, current.id)
    return user && { user, ...(await openSession(trx, user.id, browser)) }
  })
  if (opened === undefined) throw new AppError('unauthorized', 'Wrong username or password.')
  return {
    reply: loginReply(app, opened.user, opened.sessionId),
    refreshToken: opened.refreshToken,
    sessionId: opened.sessionId,
    ...(device === undefined ? { device: newDevice(app, opened.user.id) } : {}),
  }
}
