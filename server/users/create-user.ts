// Creates an agent or admin.

import { inTransaction } from '#db/core/transaction.ts'
import { findAccount, findUser, insertUser } from '#db/queries/users.ts'
import type { User } from '#protocol/entities.ts'
import type { NewUserBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { publishAgent } from '../agents/publish-agent.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import { hashPassword } from '../auth/password.ts'
import { assertAcceptable } from '../auth/password-policy.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'

export async function createUser(
  app: App,
  actor: AgentActor,
  { password, email = null, ...user }: NewUserBody,
): Promise<User> {
  assertAcceptable(password, [user.username, user.name])
  const passwordHash = await hashPassword(password)
  const id = await inTransaction(app.db, async (trx, again) => {
    await assertStillMay(trx, actor)
    const inserted = await insertUser(trx, { ...user, name: stripBidiControls(user.name), email, passwordHash })
    if (inserted !== undefined || !again) return inserted
    // After an ambiguous commit it may be our own row: the random salt makes the hash unique.
    const existing = await findAccount(trx, user.username)
    return existing?.passwordHash === passwordHash ? existing.id : undefined
  })
  if (id === undefined) throw new AppError('conflict', 'Choose another username; this one is in use.')
  logSecurity(app, 'account_changed', { userId: actor.userId, ofUserId: id, what: 'created' })
  void publishAgent(app, id)
  return (await findUser(app.db, id)) as User
}
