// Ends one of the actor's own logins, or all but the current one, with their connections on every node.

import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { lockLoginSession, revokeLoginSession, revokeLoginSessions } from '#db/queries/login-sessions.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { assertStillMay } from './assert-still-may.ts'

export async function endSession(app: App, actor: AgentActor, sessionId: number): Promise<void> {
  const { userId } = actor
  await inAuthorizedTransaction(app, actor, async (trx, again) => {
    const session = await lockLoginSession(trx, sessionId)
    if (session?.userId === userId) await revokeLoginSession(trx, sessionId)
    else if (!again) throw new AppError('not_found', 'You have no such login session.')
  })
  app.connections.end({ userId, sessionId }, 'revoked')
}

export async function endOtherSessions(app: App, actor: AgentActor): Promise<void> {
  const { userId, sessionId } = actor
  await inAuthorizedTransaction(app, actor, (trx) => revokeLoginSessions(trx, userId, sessionId))
  app.connections.end({ userId, exceptSessionId: sessionId }, 'revoked')
}

function inAuthorizedTransaction(
  { db }: App,
  actor: AgentActor,
  work: (trx: Transaction, again: boolean) => Promise<void>,
): Promise<void> {
  return inTransaction(db, async (trx, again) => {
    await assertStillMay(trx, actor)
    await work(trx, again)
  })
}
