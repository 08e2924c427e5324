// All agents and admins, the disabled ones too, by name.

import { selectUsers } from '#db/queries/users.ts'
import type { User } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'

export async function listUsers(app: App, _actor: AgentActor): Promise<{ users: User[] }> {
  return { users: await selectUsers(app.db) }
}
