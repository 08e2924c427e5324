// This node's lease in the database, and the live nodes beside it. A renewal is a write, so its age says whether the
// database accepts any.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Database } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { type LiveNode, renewNode, selectLiveNodes } from '#db/queries/nodes.ts'
import { severalWriters } from '#db/schema/check-writers.ts'
import type { Config } from '../process/config.ts'
import { createWriterWatch } from './writer-watch.ts'

export interface NodeLease {
  /** Random, new at every start. */
  id: string
  /** Registers this node or extends its lease. Rejects while the database accepts no write. */
  renew(): Promise<void>
  /** Milliseconds since the start of the last renewal that succeeded. */
  ageMs(): number
  /** Why this node should not serve although its writes are accepted; null if nothing is wrong. */
  problem(): string | null
  /** The live nodes, this one included, as of the last renewal. */
  nodes(): readonly LiveNode[]
}

interface Deps {
  db: Database
  config: Pick<Config, 'nodeId'>
  log: Logger
  countConnections(): number
}

export function createNodeLease({ db, config, log, countConnections }: Deps): NodeLease {
  const id = randomBytes(16).toString('hex')
  let renewedAt = performance.now()
  const writers = createWriterWatch()
  let hasSeveralWriters = false
  let nodes: readonly LiveNode[] = []
  return {
    id,
    async renew() {
      const startedAt = performance.now()
      await inTransaction(db, (trx) => renewNode(trx, id, config.nodeId, { connections: countConnections() }))
      renewedAt = startedAt
      nodes = await selectLiveNodes(db)
      const hadSeveral = hasSeveralWriters
      hasSeveralWriters = writers.record(nodes)
      if (hasSeveralWriters && !hadSeveral) log.error(`${severalWriters}: point every Kefu node at the same one`)
    },
    ageMs: () => performance.now() - renewedAt,
    problem: () => (hasSeveralWriters ? `${severalWriters}.` : null),
    nodes: () => nodes,
  }
}
