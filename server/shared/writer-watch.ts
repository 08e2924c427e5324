// Detects that several nodes of a Galera cluster are written to while Kefu runs. A failover moves all writes from one
// node to another; several writers alternate.

import type { LiveNode } from '#db/queries/nodes.ts'
import { serverLimits } from '#protocol/limits/server.ts'

export interface WriterWatch {
  /** Records the renewals of all live nodes; returns whether several database nodes are written to. */
  record(nodes: readonly Pick<LiveNode, 'databaseNode' | 'leaseUntil'>[]): boolean
}

export function createWriterWatch(): WriterWatch {
  /** First and last renewal by database node, on the database's clock. */
  const writes = new Map<string, { first: number; last: number }>()

  return {
    record(nodes) {
      for (const { databaseNode, leaseUntil } of nodes) {
        if (databaseNode === null) continue
        const at = Date.parse(leaseUntil)
        const { first = at, last = at } = writes.get(databaseNode) ?? {}
        writes.set(databaseNode, { first: Math.min(first, at), last: Math.max(last, at) })
      }
      const newest = Math.max(...[...writes.values()].map(({ last }) => last))
      for (const [node, { last }] of writes) if (newest - last >= serverLimits.nodeLeaseMs) writes.delete(node)
      const inUse = [...writes.values()].sort((a, b) => a.first - b.first)
      // The earlier one is still in use a whole lease after the later one began.
      return inUse.some((later, index) =>
        inUse.slice(0, index).some((earlier) => earlier.last - later.first >= serverLimits.nodeLeaseMs),
      )
    },
  }
}
