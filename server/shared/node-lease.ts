// This node's lease in the database, and the live nodes beside it. A renewal is a write, so its age says whether the
// database accepts any.

import { randomBytes } from 'node:crypto'
import type { Database } from '#db/core/database.ts'
import { type LiveNode, renewNode, selectLiveNodes } from '#db/queries/nodes.ts'
import type { Config } from '../process/config.ts'

export interface NodeLease {
  /** Random, new at every start. */
  id: string
  /** Registers this node or extends its lease. Rejects while the database accepts no write. */
  renew(): Promise<void>
  /** Milliseconds since the start of the last renewal that succeeded. */
  ageMs(): number
  /** The live nodes, this one included, as of the last renewal. */
  nodes(): readonly LiveNode[]
}

interface Deps {
  db: Database
  config: Pick<Config, 'nodeId'>
  countConnections(): number
}

export function createNodeLease({ db, config, countConnections }: Deps): NodeLease {
  const id = randomBytes(16).toString('hex')
  let renewedAt = performance.now()
  let nodes: readonly LiveNode[] = []
  return {
    id,
    async renew() {
      const startedAt = performance.now()
      await renewNode(db, id, config.nodeId, { connections: countConnections() })
      renewedAt = startedAt
      nodes = await selectLiveNodes(db)
    },
    ageMs: () => performance.now() - renewedAt,
    nodes: () => nodes,
  }
}
