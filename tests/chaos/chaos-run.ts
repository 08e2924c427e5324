// One run: people talk while faults happen. Then all faults end, the clients become idle, and the checkers compare
// everything.

import { setTimeout as sleep } from 'node:timers/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { checkReplies } from './check-replies.ts'
import { checkStored } from './check-stored.ts'
import { checkViews } from './check-views.ts'
import { startCluster } from './cluster.ts'
import { injectFaults } from './fault-schedule.ts'
import type { FaultKind } from './faults.ts'
import { type Findings, summarize } from './findings.ts'
import { gatherPeople } from './people.ts'
import { createRandom } from './random.ts'
import { readStored } from './stored.ts'
import { startTraffic } from './traffic.ts'

export interface ChaosOptions {
  faults: number
  seed: number
  nodes: number
  /** Of each node; 1 by default. */
  workers?: number
  kinds: readonly FaultKind[]
  /** The folder of the server's source. */
  source: string
  /** Continues with faults until this many messages are acknowledged. */
  messages?: number
  /** Longest pause between two messages of one sender, in milliseconds. */
  pauseMs?: number
  withoutRedis?: true
  /** Keeps the folder of a run with violations. */
  keepsFolder?: boolean
}

/** Everything must agree this long after the last fault: heads, the reconciler and their replies. */
export const boundMs = serverLimits.headsMs

export async function runChaos(options: ChaosOptions): Promise<Findings> {
  const random = createRandom(options.seed)
  const startedAt = performance.now()
  const cluster = await startCluster(options)
  const { journal, database, nodes, redis } = cluster
  let isClean = false
  try {
    const urls = nodes.map(({ url }) => url)
    const people = await gatherPeople({ urls, customers: 6, agents: 3, journal, random })
    const traffic = startTraffic({ people, journal, random, pauseMs: options.pauseMs ?? 12 })
    const targets = { nodes, database, people: people.all, redis }
    const wantsMore = () => journal.acknowledgements.length < (options.messages ?? 0)
    const count = options.faults
    const periods = await injectFaults({ ...options, count, wantsMore, targets, journal, random })
    traffic.stop()
    const healedAt = performance.now()
    while (traffic.unsent() > 0 && performance.now() - healedAt < boundMs) await sleep(50)
    journal.note('quiet', { unsent: traffic.unsent() })
    await sleep(boundMs)
    const stored = await readStored(database)
    checkStored(stored, journal, journal.violation)
    checkViews(stored, people, journal.violation)
    checkReplies(journal, periods, journal.violation)
    people.close()
    const findings = summarize({
      options,
      journal,
      periods,
      stored,
      startedAt,
      folder: cluster.folder,
    })
    isClean = findings.violations.length === 0
    return findings
  } finally {
    await cluster.stop(!isClean && options.keepsFolder !== false)
  }
}
