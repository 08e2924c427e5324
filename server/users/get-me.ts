// The agent's own profile.

import { findUser } from '#db/users.ts'
import type { User } from '#protocol/entities.ts'
import type { AgentActor } from '../actor.ts'
import { unauthorized } from '../auth/tokens.ts'
import type { App } from '../context.ts'

export async function getMe(app: App, actor: AgentActor): Promise<User> {
  const user = await findUser(app.db, actor.userId)
  if (user === undefined) throw unauthorized()
  return user
}
