// Agents, their connections to nodes, and the status derived from both.

import { sql } from 'kysely'
import type { Agent, AgentStatusValue } from '#protocol/entities.ts'
import type { Database, Transaction } from '../core/database.ts'
import { displayName } from './display-name.ts'

function agents(db: Database) {
  return db
    .selectFrom('users as agent')
    .leftJoin('agent_status', 'agent_status.agent_id', 'agent.id')
    .where('agent.role', 'in', ['agent', 'admin'])
    .where('agent.disabled_at', 'is', null)
    .select((eb) => [
      'agent.id',
      'agent.username',
      displayName('agent').as('name'),
      'agent.role',
      eb.fn.coalesce('agent_status.status', eb.val('offline')).as('status'),
      'agent_status.last_seen as lastSeen',
    ])
    .$castTo<Omit<Agent, 'openConversations'>>()
}

/** All agents and admins who are not disabled, by name. */
export async function selectAgents(db: Database): Promise<Agent[]> {
  return withOpenConversations(db, await agents(db).orderBy('agent.name').orderBy('agent.id').execute())
}

export async function findAgent(db: Database, id: number): Promise<Agent | undefined> {
  return (await findAgents(db, [id]))[0]
}

async function findAgents(db: Database, ids: readonly number[]): Promise<Agent[]> {
  return withOpenConversations(db, await agents(db).where('agent.id', 'in', ids).execute())
}

/**
 * Locks an agent's row in share mode, so that nobody disables the agent before the commit. Undefined for a disabled
 * one.
 */
export function lockEnabledAgent(trx: Transaction, id: number): Promise<{ status: AgentStatusValue } | undefined> {
  return trx
    .selectFrom('users')
    .select((eb) =>
      eb.fn
        .coalesce(
          // A subquery, since the lock would also cover a joined row.
          eb.selectFrom('agent_status').select('agent_status.status').whereRef('agent_id', '=', 'users.id'),
          eb.val('offline' as const),
        )
        .as('status'),
    )
    .where('id', '=', id)
    .where('role', 'in', ['agent', 'admin'])
    .where('disabled_at', 'is', null)
    .modifyEnd(sql`lock in share mode`)
    .$castTo<{ status: AgentStatusValue }>()
    .executeTakeFirst()
}

/** Locks the row of a disabled agent in share mode, so that nobody enables the agent before the commit. */
export async function lockDisabledAgent(trx: Transaction, id: number): Promise<boolean> {
  const row = await trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', id)
    .where('disabled_at', 'is not', null)
    .modifyEnd(sql`lock in share mode`)
    .executeTakeFirst()
  return row !== undefined
}

/** Disabled agents who still have conversations in progress. */
export async function selectDisabledAssignees(db: Database): Promise<number[]> {
  const rows = await db
    .selectFrom('users')
    .select('users.id')
    .where('users.role', 'in', ['agent', 'admin'])
    .where('users.disabled_at', 'is not', null)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('conversations')
          .select('conversations.id')
          .whereRef('conversations.agent_id', '=', 'users.id')
          .where('conversations.status', '=', 'pending'),
      ),
    )
    .execute()
  return rows.map(({ id }) => id)
}

/** The versioned list of agents. Statuses and numbers of conversations are not part of it. */
export const agentList = 'agents'

export interface ChangedAgent {
  id: number
  version: number
  /** Null for a disabled one. */
  agent: Agent | null
}

/** Agents changed after a version of agentList, in the order of their versions. */
export async function selectChangedAgents(db: Database, afterVersion: number, limit: number): Promise<ChangedAgent[]> {
  const rows = await db
    .selectFrom('users')
    .select(['id', 'list_version as version'])
    .where('list_version', '>', afterVersion)
    .orderBy('list_version')
    .limit(limit)
    .execute()
  return withAgents(db, rows)
}

export async function findChangedAgent(db: Database, id: number): Promise<ChangedAgent | undefined> {
  const rows = await db.selectFrom('users').select(['id', 'list_version as version']).where('id', '=', id).execute()
  return (await withAgents(db, rows))[0]
}

/** Reads the agents after their versions, so that an agent is never older than its version. */
async function withAgents(db: Database, rows: readonly { id: number; version: number }[]): Promise<ChangedAgent[]> {
  if (rows.length === 0) return []
  const found = await findAgents(
    db,
    rows.map(({ id }) => id),
  )
  const agentOf = new Map(found.map((agent) => [agent.id, agent]))
  return rows.map((row) => ({ ...row, agent: agentOf.get(row.id) ?? null }))
}

/**
 * A separate query by literal ids. In a join the optimizer misjudges the status and reads every pending row per agent.
 */
async function withOpenConversations(db: Database, rows: Omit<Agent, 'openConversations'>[]): Promise<Agent[]> {
  if (rows.length === 0) return []
  const counted = await db
    .selectFrom('conversations')
    .select((eb) => ['agent_id as agentId', eb.fn.countAll<number>().as('n')])
    .where(
      'agent_id',
      'in',
      rows.map((row) => row.id),
    )
    .where('status', '=', 'pending')
    .groupBy('agent_id')
    .execute()
  const counts = new Map(counted.map(({ agentId, n }) => [agentId, n]))
  return rows.map((row) => ({ ...row, openConversations: counts.get(row.id) ?? 0 }))
}

export interface AgentPresence {
  id: number
  status: AgentStatusValue
  /** The time of the last change. */
  changedAt: string
  /** The same in milliseconds: no two changes of an agent share it. */
  version: number
}

/** Agents whose published status changed at or after a time of the database's clock, oldest change first. */
export async function selectPresenceSince(db: Database, since: string, limit: number): Promise<AgentPresence[]> {
  const rows = await db
    .selectFrom('agent_status')
    .select(['agent_id as id', 'status', 'last_seen as changedAt'])
    .where('last_seen', '>=', sql<string>`${new Date(since)}`)
    .orderBy('last_seen')
    .orderBy('agent_id')
    .limit(limit)
    .$narrowType<{ changedAt: string }>()
    .execute()
  return rows.map((row) => ({ ...row, version: Date.parse(row.changedAt) }))
}

/** Agents who are online or busy. */
export async function countAvailableAgents(db: Database): Promise<number> {
  const { n } = await db
    .selectFrom('agent_status')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('status', '<>', 'offline')
    .executeTakeFirstOrThrow()
  return n
}

/** Agents with a stored connection to this node. */
export async function selectAgentConnections(db: Database, nodeId: string): Promise<number[]> {
  const rows = await db
    .selectFrom('agent_connections')
    .select('agent_id as agentId')
    .where('node_id', '=', nodeId)
    .execute()
  return rows.map((row) => row.agentId)
}

export async function insertAgentConnection(trx: Transaction, agentId: number, nodeId: string): Promise<void> {
  await trx
    .insertInto('agent_connections')
    .values({ agent_id: agentId, node_id: nodeId })
    .onDuplicateKeyUpdate({ agent_id: agentId })
    .execute()
}

export async function deleteAgentConnection(trx: Transaction, agentId: number, nodeId: string): Promise<void> {
  await trx.deleteFrom('agent_connections').where('agent_id', '=', agentId).where('node_id', '=', nodeId).execute()
}

export async function saveChosenStatus(trx: Transaction, agentId: number, chosen: AgentStatusValue): Promise<void> {
  await trx.insertInto('agent_status').values({ agent_id: agentId, chosen }).onDuplicateKeyUpdate({ chosen }).execute()
}

export interface StatusChange {
  status: AgentStatusValue
  lastSeen: string
  /** The status published before; null if unknown. */
  before: AgentStatusValue | null
}

/**
 * Recomputes the status (connected and enabled ? chosen : offline) under the row's lock. lastSeen is the time of its
 * last change, later than that of the change before, so that it serves as a version.
 */
export async function refreshAgentStatus(trx: Transaction, agentId: number): Promise<StatusChange> {
  await trx
    .insertInto('agent_status')
    .values({ agent_id: agentId })
    .onDuplicateKeyUpdate({ agent_id: agentId })
    .execute()
  const row = await trx
    .selectFrom('agent_status')
    .select((eb) => [
      'status',
      'chosen',
      'last_seen as lastSeen',
      sql<string>`current_timestamp(3)`.as('now'),
      eb
        .exists(
          eb
            .selectFrom('agent_connections')
            .innerJoin('users', 'users.id', 'agent_connections.agent_id')
            .select('agent_connections.agent_id')
            .where('agent_connections.agent_id', '=', agentId)
            .where('users.disabled_at', 'is', null),
        )
        .as('connected'),
    ])
    .where('agent_id', '=', agentId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const status = row.connected ? row.chosen : 'offline'
  // An unchanged status is not published, so its time stays unchanged.
  if (status === row.status) return { status, lastSeen: row.lastSeen ?? row.now, before: row.status }
  const lastSeen = new Date(Math.max(Date.parse(row.now), row.lastSeen === null ? 0 : Date.parse(row.lastSeen) + 1))
  await trx.updateTable('agent_status').set({ status, last_seen: lastSeen }).where('agent_id', '=', agentId).execute()
  return { status, lastSeen: lastSeen.toISOString(), before: row.status }
}
