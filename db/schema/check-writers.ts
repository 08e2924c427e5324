// Refuses to start while more than one node of a Galera cluster is written to: behind one address, or by other Kefu
// nodes. Those transactions conflict at their commit instead of waiting for each other.

import { setTimeout as sleep } from 'node:timers/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { connectDatabase, type DatabaseAddress } from '../core/connect.ts'
import type { Database } from '../core/database.ts'
import { StartError } from '../embedded/start-error.ts'
import { findGaleraNode, type LiveNode, selectLiveNodes } from '../queries/nodes.ts'

export const severalWriters = 'Several nodes of one Galera cluster are written to'

const refusal = () =>
  new StartError(
    `${severalWriters}. Kefu writes to one: point every Kefu node at the same database node, and keep the others as backups (docs/HIGH-AVAILABILITY.md).`,
  )

export async function assertSingleWriter(address: DatabaseAddress): Promise<void> {
  const db = connectDatabase(address, { connections: serverLimits.writerProbes })
  try {
    const here = await probeNodes(db)
    if (here.length > 1) throw refusal()
    const [node] = here
    if (node !== undefined) await assertNobodyWritesElsewhere(db, node)
  } finally {
    await db.destroy()
  }
}

/** The Galera nodes that several connections lead to, all open at the same time; none for any other server. */
async function probeNodes(db: Database): Promise<string[]> {
  const all = Promise.withResolvers<void>()
  let waiting: number = serverLimits.writerProbes
  const found = await Promise.all(
    Array.from({ length: serverLimits.writerProbes }, () =>
      db.connection().execute(async (connection) => {
        const node = await findGaleraNode(connection)
        waiting -= 1
        if (waiting === 0 || node === null) all.resolve()
        await all.promise
        return node
      }),
    ),
  )
  return [...new Set(found.filter((node) => node !== null))]
}

/** After a failover leases of the previous node lapse. One that is renewed there is another writer. */
async function assertNobodyWritesElsewhere(db: Database, here: string): Promise<void> {
  const isElsewhere = ({ databaseNode }: LiveNode) => databaseNode !== null && databaseNode !== here
  const before = new Map((await selectLiveNodes(db)).filter(isElsewhere).map((node) => [node.id, node]))
  for (let waited = 0; before.size > 0 && waited < serverLimits.nodeLeaseMs; waited += serverLimits.nodeLeaseRenewMs) {
    await sleep(serverLimits.nodeLeaseRenewMs)
    const nodes = new Map((await selectLiveNodes(db)).filter(isElsewhere).map((node) => [node.id, node]))
    for (const [id, node] of before) {
      const now = nodes.get(id)
      if (now === undefined) before.delete(id)
      else if (Date.parse(now.leaseUntil) - Date.parse(node.leaseUntil) > serverLimits.nodeLeaseRenewMs) throw refusal()
    }
  }
}
