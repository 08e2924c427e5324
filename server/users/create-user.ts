// An admin makes an agent or another admin.

import { findUser, insertUser } from '#db/users.ts'
import type { User } from '#protocol/entities.ts'
import type { NewUserBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import type { AgentActor } from '../actor.ts'
import { tellAgent } from '../agents/tell-agent.ts'
import { assertAcceptable } from '../auth/acceptable-password.ts'
import { hashPassword } from '../auth/password.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { logSecurity } from '../security-log.ts'

export async function createUser(
  app: App,
  actor: AgentActor,
  { password, email = null, ...user }: NewUserBody,
): Promise<User> {
  assertAcceptable(password, [user.username, user.name])
  const id = await insertUser(app.db, {
    ...user,
    name: stripBidiControls(user.name),
    email,
    passwordHash: await hashPassword(password),
  })
  if (id === undefined) throw new AppError('conflict', 'Somebody has this username already.')
  logSecurity(app, 'account_changed', { userId: actor.userId, ofUserId: id, what: 'created' })
  void tellAgent(app, id)
  return (await findUser(app.db, id)) as User
}
