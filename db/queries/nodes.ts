// Leases of running processes, by the database's clock. A node whose lease lapses is dead, and so are its agents'
// connections.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { ago, later, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'

const leaseEnd = () => later(serverLimits.nodeLeaseMs)

export interface NodeLoad {
  /** Open socket connections. */
  connections: number
}

/** Registers the node or extends its lease. Rejects while the database accepts no write. */
export async function renewNode(trx: Transaction, id: string, label: string, { connections }: NodeLoad): Promise<void> {
  // In the transaction that writes: behind one address, each connection may lead to another server.
  const current = { lease_until: leaseEnd(), connections, database_node: await findGaleraNode(trx) }
  // Another node may have deleted this one.
  await trx
    .insertInto('nodes')
    .values({ id, label, ...current })
    .onDuplicateKeyUpdate(current)
    .execute()
}

/** The Galera node that a connection leads to; null for any other server. */
export async function findGaleraNode(db: Database): Promise<string | null> {
  const { rows } = await sql<{ Value: string }>`show status like 'wsrep_gcomm_uuid'`.execute(db)
  return rows[0]?.Value || null
}

export interface LiveNode extends NodeLoad {
  id: string
  label: string
  /** The Galera node that accepted the last renewal. */
  databaseNode: string | null
  /** ISO time of the database's clock. */
  leaseUntil: string
}

/** Nodes whose lease has not lapsed. */
export function selectLiveNodes(db: Database): Promise<LiveNode[]> {
  return db
    .selectFrom('nodes')
    .select(['id', 'label', 'connections', 'database_node as databaseNode', 'lease_until as leaseUntil'])
    .where('lease_until', '>', ago(0))
    .orderBy('id')
    .execute()
}

/** Deletes nodes and their agents' connections; returns the agents whose status may have changed. */
export async function deleteNodes(trx: Transaction, which: { id: string } | 'lapsed'): Promise<number[]> {
  const nodes = await trx
    .selectFrom('nodes')
    .select('id')
    .$if(which === 'lapsed', (query) => query.where('lease_until', '<', now as never))
    .$if(which !== 'lapsed', (query) => query.where('id', '=', (which as { id: string }).id))
    .forUpdate()
    .execute()
  if (nodes.length === 0) return []
  const ids = nodes.map((node) => node.id)
  const agents = await trx
    .selectFrom('agent_connections')
    .select('agent_id as agentId')
    .distinct()
    .where('node_id', 'in', ids)
    .execute()
  await trx.deleteFrom('nodes').where('id', 'in', ids).execute()
  return agents.map((agent) => agent.agentId)
}
