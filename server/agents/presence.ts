// Who is here: counts each agent's connections on this node, writes the first and the last of them (after a grace) to the database, and
// keeps this node's lease there. What is told follows from the database, so that several nodes agree.

import { randomBytes } from 'node:crypto'
import {
  addAgentConnection,
  isAnyAgentHere,
  refreshAgentStatus,
  removeAgentConnection,
  saveChosenStatus,
  type ToldStatus,
} from '#db/agents.ts'
import type { Transaction } from '#db/database.ts'
import { insertNode, removeNodes, renewNode } from '#db/nodes.ts'
import { inTransaction } from '#db/transaction.ts'
import type { AgentStatusValue } from '#protocol/entities.ts'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'

export interface Presence {
  /** Registers this node; from then on its lease is renewed and lapsed ones are swept. */
  start(): Promise<void>
  /** A connection of this agent opened; told before it resolves. */
  connected(agentId: number): Promise<void>
  /** One closed; the agent is told offline after limits.presenceGraceMs unless another opens. */
  disconnected(agentId: number): void
  choose(agentId: number, status: AgentStatusValue): Promise<void>
  /** Takes this node and its agents out of the database. */
  stop(): Promise<void>
}

type Parts = Pick<App, 'db' | 'publish' | 'log' | 'config'>

export function createPresence(app: Parts): Presence {
  const nodeId = randomBytes(16).toString('hex')
  const open = new Map<number, number>()
  const leaving = new Map<number, NodeJS.Timeout>()
  let renewal: NodeJS.Timeout | undefined
  /** Nothing is swept until the database has answered for a whole lease: others may only have been unable to renew. */
  let answeringSince: number | null = null
  let available: boolean | null = null

  async function change(agentId: number, write: (trx: Transaction) => Promise<void>) {
    const told = await inTransaction(app.db, async (trx) => {
      await write(trx)
      return refreshAgentStatus(trx, agentId)
    })
    await tell(agentId, told)
  }

  async function tell(agentId: number, { status, lastSeen, changed }: ToldStatus) {
    if (!changed) return
    app.publish('agent:status-changed', { agents: true }, { agentId, status, lastSeen })
    const here = await isAnyAgentHere(app.db)
    if (here !== available) app.publish('availability:changed', { customers: true }, { available: here })
    available = here
  }

  async function left(agentId: number) {
    leaving.delete(agentId)
    if ((open.get(agentId) ?? 0) > 0) return
    try {
      await change(agentId, (trx) => removeAgentConnection(trx, agentId, nodeId))
    } catch (error) {
      // The database is away: the renewal brings the row in line when it is back.
      app.log.warn({ err: error, agentId }, 'could not tell an agent offline')
      leaving.set(agentId, setTimeout(left, limits.presenceGraceMs, agentId))
    }
  }

  async function register() {
    await insertNode(app.db, nodeId, app.config.nodeId)
    for (const agentId of open.keys()) await change(agentId, (trx) => addAgentConnection(trx, agentId, nodeId))
  }

  async function renew() {
    try {
      if (!(await renewNode(app.db, nodeId))) await register()
      const now = performance.now()
      answeringSince ??= now
      if (now - answeringSince >= limits.nodeLeaseMs) await sweep()
    } catch (error) {
      answeringSince = null
      app.log.warn({ err: error }, 'could not renew the lease of this node')
    }
  }

  async function sweep() {
    await forget('lapsed')
  }

  async function forget(which: Parameters<typeof removeNodes>[1]) {
    const told = await inTransaction(app.db, async (trx) => {
      const agentIds = await removeNodes(trx, which)
      const statuses: [number, ToldStatus][] = []
      for (const agentId of agentIds.sort((a, b) => a - b))
        statuses.push([agentId, await refreshAgentStatus(trx, agentId)])
      return statuses
    })
    for (const [agentId, status] of told) await tell(agentId, status)
  }

  return {
    async start() {
      await register()
      renewal = setInterval(renew, limits.nodeLeaseRenewMs)
    },
    async connected(agentId) {
      const count = (open.get(agentId) ?? 0) + 1
      open.set(agentId, count)
      clearTimeout(leaving.get(agentId))
      leaving.delete(agentId)
      if (count === 1) await change(agentId, (trx) => addAgentConnection(trx, agentId, nodeId))
    },
    disconnected(agentId) {
      const count = (open.get(agentId) ?? 1) - 1
      if (count > 0) {
        open.set(agentId, count)
        return
      }
      open.delete(agentId)
      leaving.set(agentId, setTimeout(left, limits.presenceGraceMs, agentId))
    },
    choose: (agentId, status) => change(agentId, (trx) => saveChosenStatus(trx, agentId, status)),
    async stop() {
      clearInterval(renewal)
      for (const timer of leaving.values()) clearTimeout(timer)
      await forget({ id: nodeId })
    },
  }
}
