// Where somebody is logged in: their own sessions that have not ended, the one used last first.

import { selectLoginSessions } from '#db/queries/login-sessions.ts'
import type { LoginSession } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'

export async function listSessions(app: App, { userId, sessionId }: AgentActor): Promise<{ sessions: LoginSession[] }> {
  const sessions = await selectLoginSessions(app.db, userId)
  return { sessions: sessions.map((session) => ({ ...session, isCurrent: session.id === sessionId })) }
}
