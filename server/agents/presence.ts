// Who is here: counts each agent's connections on this node, writes the first and the last of them (after a grace) to the database, and
// keeps this node's lease there. What is told follows from the database, so that several nodes agree.

import { randomBytes } from 'node:crypto'
import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import {
  countAvailableAgents,
  deleteAgentConnection,
  insertAgentConnection,
  refreshAgentStatus,
  type StatusChange,
  saveChosenStatus,
  selectAgentConnections,
  selectPresenceSince,
} from '#db/queries/agents.ts'
import { deleteNodes, insertNode, renewNode } from '#db/queries/nodes.ts'
import type { AgentStatusValue } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'

export interface Presence {
  /** Registers this node; from then on its lease is renewed and lapsed ones are swept. */
  start(): Promise<void>
  /** A connection of this agent opened; told before it resolves. */
  connected(agentId: number): Promise<void>
  /** One closed; the agent is told offline after serverLimits.presenceGraceMs unless another opens. */
  disconnected(agentId: number): void
  choose(actor: AgentActor, status: AgentStatusValue): Promise<void>
  /** Tells this node's own connections what changed since a time of the database's clock and was not told here. */
  republishSince(since: string): Promise<void>
  /** Takes this node and its agents out of the database. */
  stop(): Promise<void>
}

type Parts = Pick<App, 'db' | 'publish' | 'log' | 'config'>

export function createPresence(app: Parts): Presence {
  const nodeId = randomBytes(16).toString('hex')
  const open = new Map<number, number>()
  const leaving = new Map<number, NodeJS.Timeout>()
  /** What this node has told of each agent. */
  const told = new Map<number, AgentStatusValue>()
  let toldAvailable = false
  let renewal: NodeJS.Timeout | undefined
  /** Nothing is swept until the database has answered for a whole lease: others may only have been unable to renew. */
  let answeringSince: number | null = null

  async function change(agentId: number, write: (trx: Transaction) => Promise<void>) {
    const status = await inTransaction(app.db, async (trx, again) => {
      await write(trx)
      const refreshed = await refreshAgentStatus(trx, agentId)
      // After an ambiguous commit what stands may be our own, told to nobody.
      return again ? { ...refreshed, before: null } : refreshed
    })
    await tell(agentId, status)
  }

  async function tell(agentId: number, { status, lastSeen, before }: StatusChange, reach: { local?: true } = {}) {
    told.set(agentId, status)
    if (status === before) return
    app.publish('agent:status-changed', { agents: true, ...reach }, { agentId, status, lastSeen })
    if (status !== 'offline' && before !== 'offline' && before !== null) return
    // Whoever comes or goes tells how it stands: of several at once none can know to be the first.
    toldAvailable = (await countAvailableAgents(app.db)) > 0
    app.publish('availability:changed', { customers: true, ...reach }, { available: toldAvailable })
  }

  const arrive = (agentId: number) => change(agentId, (trx) => insertAgentConnection(trx, agentId, nodeId))

  async function leave(agentId: number) {
    leaving.delete(agentId)
    if (open.has(agentId)) return
    await change(agentId, (trx) => deleteAgentConnection(trx, agentId, nodeId)).catch((error: unknown) => {
      app.log.warn({ err: error, agentId }, 'could not tell an agent offline; the next renewal does')
    })
  }

  async function renew() {
    try {
      if (!(await renewNode(app.db, nodeId))) await insertNode(app.db, nodeId, app.config.nodeId)
      await reconcile()
      const now = performance.now()
      answeringSince ??= now
      if (now - answeringSince >= serverLimits.nodeLeaseMs) await forget('lapsed')
    } catch (error) {
      answeringSince = null
      app.log.warn({ err: error }, 'could not renew the lease of this node')
    }
  }

  /** Brings the rows of this node in line with what is open, whatever could not be written meanwhile. */
  async function reconcile() {
    const written = new Set(await selectAgentConnections(app.db, nodeId))
    for (const agentId of open.keys()) if (!written.has(agentId)) await arrive(agentId)
    for (const agentId of written) if (!open.has(agentId) && !leaving.has(agentId)) await leave(agentId)
  }

  async function forget(which: Parameters<typeof deleteNodes>[1]) {
    const statuses = await inTransaction(app.db, async (trx) => {
      const agentIds = await deleteNodes(trx, which)
      const refreshed: [number, StatusChange][] = []
      for (const agentId of agentIds.sort((a, b) => a - b)) {
        refreshed.push([agentId, await refreshAgentStatus(trx, agentId)])
      }
      return refreshed
    })
    for (const [agentId, status] of statuses) await tell(agentId, status)
  }

  return {
    async start() {
      await insertNode(app.db, nodeId, app.config.nodeId)
      renewal = setInterval(renew, serverLimits.nodeLeaseRenewMs)
    },
    async connected(agentId) {
      const count = (open.get(agentId) ?? 0) + 1
      open.set(agentId, count)
      clearTimeout(leaving.get(agentId))
      leaving.delete(agentId)
      if (count === 1) await arrive(agentId)
    },
    disconnected(agentId) {
      const count = (open.get(agentId) ?? 1) - 1
      if (count > 0) {
        open.set(agentId, count)
        return
      }
      open.delete(agentId)
      leaving.set(agentId, setTimeout(leave, serverLimits.presenceGraceMs, agentId))
    },
    choose: (actor, status) =>
      change(actor.userId, async (trx) => {
        await assertStillMay(trx, actor)
        await saveChosenStatus(trx, actor.userId, status)
      }),
    async republishSince(since) {
      for (const { agentId, status, lastSeen } of await selectPresenceSince(app.db, since)) {
        const before = told.get(agentId)
        if (before === status || lastSeen === null) continue
        // Of an agent this node never told anything, others may have told it, or failed to.
        const assumed = status === 'offline' ? 'online' : 'offline'
        await tell(agentId, { status, lastSeen, before: before ?? assumed }, { local: true })
      }
      // One who comes and one who goes may have told in the wrong order.
      const available = (await countAvailableAgents(app.db)) > 0
      if (available === toldAvailable) return
      toldAvailable = available
      app.publish('availability:changed', { customers: true, local: true }, { available })
    },
    async stop() {
      clearInterval(renewal)
      for (const timer of leaving.values()) clearTimeout(timer)
      await forget({ id: nodeId })
    },
  }
}
