// Leases of running processes, on the database's clock: who stops renewing is gone, and the agents connected to it with it.

import { serverLimits } from '#protocol/limits/server.ts'
import { later, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'

const leaseEnd = () => later(serverLimits.nodeLeaseMs)

export async function insertNode(db: Database, id: string, label: string): Promise<void> {
  await db.insertInto('nodes').values({ id, label, lease_until: leaseEnd() }).execute()
}

/** False when others have already given this node up: it must register again. */
export async function renewNode(db: Database, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('nodes')
    .set({ lease_until: leaseEnd() })
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Removes a node and its agents' connections; the agents whose status may have changed. */
export async function deleteNodes(trx: Transaction, which: { id: string } | 'lapsed'): Promise<number[]> {
  const gone = await trx
    .selectFrom('nodes')
    .select('id')
    .$if(which === 'lapsed', (query) => query.where('lease_until', '<', now as never))
    .$if(which !== 'lapsed', (query) => query.where('id', '=', (which as { id: string }).id))
    .forUpdate()
    .execute()
  if (gone.length === 0) return []
  const ids = gone.map((node) => node.id)
  const agents = await trx
    .selectFrom('agent_connections')
    .select('agent_id as agentId')
    .distinct()
    .where('node_id', 'in', ids)
    .execute()
  await trx.deleteFrom('nodes').where('id', 'in', ids).execute()
  return agents.map((agent) => agent.agentId)
}
