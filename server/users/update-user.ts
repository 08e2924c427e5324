// Changes an agent or admin. A new password ends that user's logins, except the admin's own current one; a new role or
// disabling ends all of them. Disabling releases the conversations in progress. At least one admin must remain.

import type { Transaction } from '#db/core/database.ts'
import { countPendingOfAgent, selectPendingIdsOfAgent } from '#db/queries/conversations.ts'
import { lockInstallationRow } from '#db/queries/installation.ts'
import { revokeLoginSessions } from '#db/queries/login-sessions.ts'
import { type Account, countEnabledAdmins, findUser, lockAccount, saveUser } from '#db/queries/users.ts'
import type { User } from '#protocol/entities.ts'
import type { UserBody } from '#protocol/http.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { publishAgent } from '../agents/publish-agent.ts'
import { releaseConversationsOf } from '../agents/release-disabled.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import { hashPassword } from '../auth/password.ts'
import { assertAcceptable } from '../auth/password-policy.ts'
import type { App } from '../context.ts'
import { touchConversations } from '../conversation-state/touch-conversations.ts'
import { inUnitOfWork } from '../conversation-state/update-conversations.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'

export async function updateUser(
  app: App,
  actor: AgentActor,
  { id, password, release = false, ...changes }: UserBody & { id: number },
): Promise<User> {
  const passwordHash = password === undefined ? undefined : await hashPassword(password)
  const { user, ended, before } = await inUnitOfWork(app, async (unit) => {
    const { trx } = unit
    // Serializes changes that could remove an admin, so that the second sees the first.
    if (changes.role !== undefined || changes.isDisabled !== undefined) await lockInstallationRow(trx)
    const account = await lockAccount(trx, id)
    await assertStillMay(trx, actor)
    if (account === undefined) throw new AppError('not_found', 'There is no such agent or admin.')
    if (password !== undefined) assertAcceptable(password, [account.username])
    await assertAdminRemains(trx, account, changes)
    if (changes.isDisabled && account.disabledAt === null && !release) await assertNothingInProgress(trx, id)
    await saveUser(trx, account, {
      ...changes,
      name: changes.name && stripBidiControls(changes.name),
      passwordHash,
    })
    const ended = sessionsToEnd(actor, account, changes, passwordHash !== undefined)
    if (ended) await revokeLoginSessions(trx, id, ended.exceptSessionId)
    const { name, role, isDisabled } = changes
    const touchedIds = name === undefined ? [] : await touchConversations(unit, await selectPendingIdsOfAgent(trx, id))
    if ([name, role, isDisabled].some((change) => change !== undefined)) {
      unit.afterCommit(() => void publishAgent(app, id, touchedIds))
    }
    return { user: (await findUser(trx, id)) as User, ended, before: account }
  })
  if (ended) app.connections.end(ended, 'revoked')
  if (changes.isDisabled) await releaseWork(app, id)
  for (const what of securityChanges(before, changes, passwordHash !== undefined)) {
    logSecurity(app, 'account_changed', { userId: actor.userId, ofUserId: id, what })
  }
  return user
}

/** Claims and transfers lock the agent's row, so that none is under way. */
async function assertNothingInProgress(trx: Transaction, id: number): Promise<void> {
  const inProgress = await countPendingOfAgent(trx, id)
  if (inProgress === 0) return
  throw new AppError('conflict', 'The agent has conversations in progress. Send release: true to return them.', {
    reason: 'in_progress',
    inProgress,
  })
}

/** The sweep of disabled agents repeats what fails here. */
async function releaseWork(app: App, id: number): Promise<void> {
  try {
    await app.presence.refresh(id)
    await releaseConversationsOf(app, id)
  } catch (error) {
    app.log.warn({ err: error, agentId: id }, 'release of conversations failed')
  }
}

/** The security-relevant parts that changed. */
function securityChanges(
  before: Account,
  { role = before.role, isDisabled }: UserBody,
  hasNewPassword: boolean,
): string[] {
  const wasDisabled = before.disabledAt !== null
  const parts = hasNewPassword ? ['password'] : []
  if (role !== before.role) parts.push('role')
  if (isDisabled !== undefined && isDisabled !== wasDisabled) parts.push(isDisabled ? 'disabled' : 'enabled')
  return parts
}

async function assertAdminRemains(trx: Transaction, account: Account, { role, isDisabled }: UserBody): Promise<void> {
  const isAdmin = account.role === 'admin' && account.disabledAt === null
  const staysAdmin = (role ?? 'admin') === 'admin' && !isDisabled
  if (!isAdmin || staysAdmin || (await countEnabledAdmins(trx)) > 1) return
  throw new AppError('conflict', 'Keep at least one admin who can sign in.')
}

/** The login sessions that the change ends, if any. */
function sessionsToEnd(actor: AgentActor, account: Account, { role, isDisabled }: UserBody, hasNewPassword: boolean) {
  const userId = account.id
  if (isDisabled || (role !== undefined && role !== account.role)) return { userId }
  if (!hasNewPassword) return undefined
  return userId === actor.userId ? { userId, exceptSessionId: actor.sessionId } : { userId }
}
