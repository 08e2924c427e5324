// The lists that each node keeps in step with the database, one line each, and the two ways to find what changed: by
// the list's version, or by the time of the change where a common version would make writers wait for each other.

import type { Database } from '#db/core/database.ts'
import { agentList, selectChangedAgents, selectPresenceSince } from '#db/queries/agents.ts'
import { selectChangedConversations } from '#db/queries/conversations.ts'
import { selectErasedConversations } from '#db/queries/erase-customer.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { statusList } from '../../agents/presence.ts'
import { publishChangedAgent } from '../../agents/publish-agent.ts'
import type { App } from '../../context.ts'
import { conversationList, publishMany } from '../../conversation-state/publish-conversation.ts'

export interface ReconciledList {
  name: string
  /** Publishes what changed since the last round and was not published by this node. */
  reconcile(round: Round): Promise<void>
}

/** What a round reads once for all lists. */
interface Round {
  /** The database's time. */
  now: string
  /** The current version of each list in list_versions. */
  versions: ReadonlyMap<string, number>
}

interface Row {
  id: number
  version: number
}

interface TimedRow extends Row {
  changedAt: string
}

const local = { local: true } as const

export const reconciledLists = (app: App): ReconciledList[] => [
  timedList(app, conversationList, selectChangedConversations, (rows) =>
    publishMany(app, idsOf(rows), 'message', local),
  ),
  timedList(app, statusList, selectPresenceSince, app.presence.republish),
  timedList(app, erasedList, selectErasedConversations, async (rows) => publishErased(app, rows)),
  versionedList(app, agentList, selectChangedAgents, (row) => publishChangedAgent(app, row, local)),
]

const erasedList = 'erased conversations'

/** An erasure is a command of its own, so each node learns of it from the database. */
function publishErased(app: App, rows: readonly Row[]): void {
  for (const { id, version } of rows) {
    app.publish('conversation:erased', { agents: true, conversationId: id, ...local }, { conversationId: id })
    app.publishedVersions.record(erasedList, id, version)
  }
}

const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id)

/** `select` returns the rows changed after a version, in version order. */
function versionedList<R extends Row>(
  { db, publishedVersions }: App,
  name: string,
  select: (db: Database, afterVersion: number, limit: number) => Promise<R[]>,
  publish: (row: R) => void,
): ReconciledList {
  let seen: number | undefined
  return {
    name,
    async reconcile({ versions }) {
      const version = versions.get(name) ?? 0
      const rows = seen === undefined || seen >= version ? [] : await select(db, seen, serverLimits.reconcileRows)
      for (const row of rows) if (row.version > publishedVersions.get(name, row.id)) publish(row)
      seen = rows.length === serverLimits.reconcileRows ? rows.at(-1)?.version : version
    },
  }
}

/** `select` returns the rows changed at or after a time, oldest change first. `publish` is called in every round. */
function timedList<R extends TimedRow>(
  { db, publishedVersions }: App,
  name: string,
  select: (db: Database, since: string, limit: number) => Promise<R[]>,
  publish: (rows: R[]) => Promise<unknown>,
): ReconciledList {
  let since: string | undefined
  return {
    name,
    async reconcile({ now }) {
      const rows = await select(db, since ?? overlapping(now), serverLimits.reconcileRows)
      await publish(rows.filter(({ id, version }) => version > publishedVersions.get(name, id)))
      // The next round continues a full page where it ended. Otherwise it overlaps this one: a row with an earlier
      // time may commit later.
      since = rows.length === serverLimits.reconcileRows ? rows.at(-1)?.changedAt : overlapping(now)
    },
  }
}

const overlapping = (now: string) => new Date(Date.parse(now) - serverLimits.reconcileOverlapMs).toISOString()
