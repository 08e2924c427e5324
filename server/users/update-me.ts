// Changes the actor's own name, language or password. A new password requires the old one and ends the other logins.

import { selectPendingIdsOfAgent } from '#db/queries/conversations.ts'
import { revokeLoginSessions } from '#db/queries/login-sessions.ts'
import { findAccountById, lockAccount, saveUser } from '#db/queries/users.ts'
import type { User } from '#protocol/entities.ts'
import type { MeBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { publishAgent } from '../agents/publish-agent.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import { checkPassword } from '../auth/check-password.ts'
import { hashPassword } from '../auth/password.ts'
import { assertAcceptable } from '../auth/password-policy.ts'
import { unauthorized } from '../auth/tokens.ts'
import type { App } from '../context.ts'
import { touchConversations } from '../conversation-state/touch-conversations.ts'
import { inUnitOfWork } from '../conversation-state/update-conversations.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'
import { getMe } from './get-me.ts'

export async function updateMe(
  app: App,
  actor: AgentActor,
  { name, language, password, oldPassword }: MeBody,
): Promise<User> {
  const verifiedHash = password === undefined ? undefined : await verifyOldPassword(app, actor, oldPassword)
  if (password !== undefined) assertAcceptable(password, [actor.username])
  const passwordHash = password === undefined ? undefined : await hashPassword(password)
  await inUnitOfWork(app, async (unit) => {
    const { trx } = unit
    const account = await lockAccount(trx, actor.userId)
    await assertStillMay(trx, actor)
    if (account === undefined) throw unauthorized()
    if (passwordHash !== undefined) {
      if (account.passwordHash !== verifiedHash)
        throw new AppError('conflict', 'The password has just been changed elsewhere. Try again.')
      await revokeLoginSessions(trx, actor.userId, actor.sessionId)
    }
    await saveUser(trx, account, { name: name && stripBidiControls(name), language, passwordHash })
    if (name === undefined) return
    const ids = await touchConversations(unit, await selectPendingIdsOfAgent(trx, actor.userId))
    unit.afterCommit(() => void publishAgent(app, actor.userId, ids))
  })
  if (passwordHash !== undefined) {
    app.connections.end({ userId: actor.userId, exceptSessionId: actor.sessionId }, 'revoked')
    logSecurity(app, 'account_changed', { userId: actor.userId, ofUserId: actor.userId, what: 'password' })
  }
  return getMe(app, actor)
}

/** The hash that the old password matches. */
async function verifyOldPassword(
  app: App,
  { userId, username }: AgentActor,
  oldPassword: string | undefined,
): Promise<string | null | undefined> {
  if (oldPassword === undefined) throw new AppError('invalid_request', 'Send oldPassword with a new password.')
  const { passwordHash } = (await findAccountById(app.db, userId)) ?? {}
  const attempt = { accountId: userId, username, password: oldPassword, passwordHash, isSignedIn: true } as const
  if (await checkPassword(app, attempt)) return passwordHash
  throw new AppError('forbidden', 'The old password is wrong.')
}
