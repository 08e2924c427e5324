// Reads the actor's own profile.

import { findUser } from '#db/queries/users.ts'
import type { User } from '#protocol/entities.ts'
import { unauthorized } from '../auth/tokens.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'

export async function getMe(app: App, actor: AgentActor): Promise<User> {
  const user = await findUser(app.db, actor.userId)
  if (user === undefined) throw unauthorized()
  return user
}
