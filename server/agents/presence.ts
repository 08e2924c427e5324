// Tracks which agents are online. Counts each agent's connections on this node, writes the first and (after a grace
// period) the last to the database, and renews this node's lease. Published statuses follow from the database, so nodes
// agree.

import type { Logger } from 'pino'
import type { Database, Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import {
  type AgentPresence,
  countAvailableAgents,
  deleteAgentConnection,
  insertAgentConnection,
  refreshAgentStatus,
  type StatusChange,
  saveChosenStatus,
  selectAgentConnections,
} from '#db/queries/agents.ts'
import { deleteNodes } from '#db/queries/nodes.ts'
import type { AgentStatusValue } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { Publish } from '../ports.ts'
import type { AgentActor } from '../shared/actor.ts'
import type { NodeLease } from '../shared/node-lease.ts'
import type { PublishedVersions } from '../shared/published-versions.ts'

/** The name of the list for the reconciler. */
export const statusList = 'agent statuses'

export interface Presence {
  /** Registers this node. From then on it renews its lease and removes lapsed nodes. */
  start(): Promise<void>
  /** Call when a connection of the agent opened. Publishes before it resolves. */
  connected(agentId: number): Promise<void>
  /** Call when one closed. The agent goes offline after serverLimits.presenceGraceMs unless another opens. */
  disconnected(agentId: number): void
  /** Publishes a disabled agent as offline before the connections have ended. */
  refresh(agentId: number): Promise<void>
  choose(actor: AgentActor, status: AgentStatusValue): Promise<void>
  /** Publishes changes that this node missed to its own connections. */
  republish(changes: readonly AgentPresence[]): Promise<void>
  /** Removes this node and its agents from the database. */
  stop(): Promise<void>
}

interface Deps {
  db: Database
  publish: Publish
  publishedVersions: PublishedVersions
  log: Logger
  lease: NodeLease
}

export function createPresence(app: Deps): Presence {
  const nodeId = app.lease.id
  const open = new Map<number, number>()
  const leaving = new Map<number, NodeJS.Timeout>()
  let publishedAvailable = false
  let renewal: NodeJS.Timeout | undefined
  /** Lapsed nodes stay until the database has answered for a whole lease: they may only have been unable to renew. */
  let answeringSince: number | null = null

  async function change(agentId: number, write: (trx: Transaction) => Promise<void>) {
    const status = await inTransaction(app.db, async (trx, again) => {
      await write(trx)
      const refreshed = await refreshAgentStatus(trx, agentId)
      // After an ambiguous commit the current status may be our own, and unpublished.
      return again ? { ...refreshed, before: null } : refreshed
    })
    await publishStatus(agentId, status)
  }

  async function publishStatus(agentId: number, { status, lastSeen, before }: StatusChange) {
    if (status === before) return
    app.publish('agent:status-changed', { agents: true }, { agentId, status, lastSeen })
    app.publishedVersions.record(statusList, agentId, Date.parse(lastSeen))
    if (status !== 'offline' && before !== 'offline' && before !== null) return
    // Every arrival and departure publishes availability: of concurrent ones none can know that it is the first.
    publishedAvailable = (await countAvailableAgents(app.db)) > 0
    app.publish('availability:changed', { customers: true }, { available: publishedAvailable })
  }

  const arrive = (agentId: number) => change(agentId, (trx) => insertAgentConnection(trx, agentId, nodeId))

  async function leave(agentId: number) {
    leaving.delete(agentId)
    if (open.has(agentId)) return
    await change(agentId, (trx) => deleteAgentConnection(trx, agentId, nodeId)).catch((error: unknown) => {
      app.log.warn({ err: error, agentId }, 'agent offline publish failed, retried at the next renewal')
    })
  }

  async function renew() {
    try {
      await app.lease.renew()
      await reconcile()
      const now = performance.now()
      answeringSince ??= now
      if (now - answeringSince >= serverLimits.nodeLeaseMs) await removeLeases('lapsed')
    } catch (error) {
      answeringSince = null
      app.log.warn({ err: error }, 'node lease renewal failed')
    }
  }

  /** Reconciles this node's rows with its open connections, after writes that failed. */
  async function reconcile() {
    const written = new Set(await selectAgentConnections(app.db, nodeId))
    for (const agentId of open.keys()) if (!written.has(agentId)) await arrive(agentId)
    for (const agentId of written) if (!open.has(agentId) && !leaving.has(agentId)) await leave(agentId)
  }

  async function removeLeases(which: Parameters<typeof deleteNodes>[1]) {
    const statuses = await inTransaction(app.db, async (trx) => {
      const agentIds = await deleteNodes(trx, which)
      const refreshed: [number, StatusChange][] = []
      for (const agentId of agentIds.sort((a, b) => a - b)) {
        refreshed.push([agentId, await refreshAgentStatus(trx, agentId)])
      }
      return refreshed
    })
    for (const [agentId, status] of statuses) await publishStatus(agentId, status)
  }

  return {
    async start() {
      await app.lease.renew()
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
    refresh: (agentId) => change(agentId, async () => {}),
    choose: (actor, status) =>
      change(actor.userId, async (trx) => {
        await assertStillMay(trx, actor)
        await saveChosenStatus(trx, actor.userId, status)
      }),
    async republish(changes) {
      for (const { id, status, changedAt, version } of changes) {
        app.publish('agent:status-changed', { agents: true, local: true }, { agentId: id, status, lastSeen: changedAt })
        app.publishedVersions.record(statusList, id, version)
      }
      // Another node may have failed to publish it, and concurrent arrivals and departures may have been published in
      // the wrong order.
      const available = (await countAvailableAgents(app.db)) > 0
      if (changes.length === 0 && available === publishedAvailable) return
      publishedAvailable = available
      app.publish('availability:changed', { customers: true, local: true }, { available })
    },
    async stop() {
      clearInterval(renewal)
      for (const timer of leaving.values()) clearTimeout(timer)
      await removeLeases({ id: nodeId })
    },
  }
}
