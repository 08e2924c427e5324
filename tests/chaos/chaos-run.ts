// One run: people talk while faults happen; then everything is healed, the promised bound passes in silence, and the checker judges.

import { setTimeout as sleep } from 'node:timers/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { checkAnswers } from './check-answers.ts'
import { checkStored } from './check-stored.ts'
import { checkViews } from './check-views.ts'
import { startRig } from './cluster.ts'
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
  /** Of each node; 1 when not said. */
  workers?: number
  kinds: readonly FaultKind[]
  /** Where the server's source is. */
  source: string
  /** Goes on with faults until so many messages are acknowledged. */
  messages?: number
  /** Between two messages of one writer, in milliseconds at most. */
  pauseMs?: number
  withoutRedis?: true
  /** Of a run that found something, for who wants to know more. */
  keepsFolder?: boolean
}

/** Everything must be equal this long after the last fault was healed: heads and comparison, and a moment for their answers. */
export const boundMs = serverLimits.headsMs

export async function runChaos(options: ChaosOptions): Promise<Findings> {
  const random = createRandom(options.seed)
  const startedAt = performance.now()
  const rig = await startRig(options)
  const { journal, database, nodes, redis } = rig
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
    checkAnswers(journal, periods, journal.violation)
    people.close()
    const findings = summarize({
      options,
      journal,
      periods,
      stored,
      startedAt,
      folder: rig.folder,
    })
    isClean = findings.violations.length === 0
    return findings
  } finally {
    await rig.stop(!isClean && options.keepsFolder !== false)
  }
}
