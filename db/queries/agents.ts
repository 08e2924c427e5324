// Agents as colleagues see them, their connections to nodes, and the status that follows from both.

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

/** All who may answer, by name. */
export async function selectAgents(db: Database): Promise<Agent[]> {
  return withOpenConversations(db, await agents(db).orderBy('agent.name').orderBy('agent.id').execute())
}

export async function findAgent(db: Database, id: number): Promise<Agent | undefined> {
  return (await withOpenConversations(db, await agents(db).where('agent.id', '=', id).execute()))[0]
}

/** By given ids: of ids that it meets row by row the server cannot tell how few have the status, and reads all that are in progress for each. */
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
  agentId: number
  status: AgentStatusValue
  lastSeen: string | null
}

/** What is told of agents whose status changed since a time of the database's clock. */
export function selectPresenceSince(db: Database, since: string): Promise<AgentPresence[]> {
  return db
    .selectFrom('agent_status')
    .select(['agent_id as agentId', 'status', 'last_seen as lastSeen'])
    .where('last_seen', '>=', sql<string>`${new Date(since)}`)
    .execute()
}

/** How many are here to answer, busy or not. */
export async function countAvailableAgents(db: Database): Promise<number> {
  const { n } = await db
    .selectFrom('agent_status')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('status', '<>', 'offline')
    .executeTakeFirstOrThrow()
  return n
}

/** Agents that this node is written down to have. */
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
  /** What was told before; null when nobody knows. */
  before: AgentStatusValue | null
}

/** Brings what is told in line (connected ? chosen : offline), under the row's lock; lastSeen is when that last changed. */
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
            .select('agent_connections.agent_id')
            .where('agent_connections.agent_id', '=', agentId),
        )
        .as('connected'),
    ])
    .where('agent_id', '=', agentId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const status = row.connected ? row.chosen : 'offline'
  // Nobody is told of what stays as it is, so its time stays too.
  if (status === row.status && row.lastSeen !== null) return { status, lastSeen: row.lastSeen, before: row.status }
  await trx
    .updateTable('agent_status')
    .set({ status, last_seen: new Date(row.now) })
    .where('agent_id', '=', agentId)
    .execute()
  return { status, lastSeen: row.now, before: row.status }
}
