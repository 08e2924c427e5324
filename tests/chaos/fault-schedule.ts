// Schedules the faults: kinds come from shuffled decks, so each is equally frequent. About one starts per second;
// faults of different targets overlap.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, type FaultKind, type FaultTarget, faults, type Targets } from './faults.ts'
import type { Journal } from './journal.ts'
import type { Random } from './random.ts'

export interface FaultPeriod {
  kind: FaultKind
  from: number
  /** Infinity while the fault lasts. */
  to: number
}

export interface ScheduleOptions {
  count: number
  /** Whether to continue after the planned number of faults, up to three times as many. */
  wantsMore?: () => boolean
  kinds: readonly FaultKind[]
  targets: Targets
  journal: Journal
  random: Random
}

/** Between two faults of one target, so that people reconnect and talk. */
const restMs = 400

/** Resolves when all faults have ended. */
export async function injectFaults({
  count,
  wantsMore = () => false,
  kinds,
  targets,
  journal,
  random,
}: ScheduleOptions): Promise<FaultPeriod[]> {
  const periods: FaultPeriod[] = []
  const busy = new Map<FaultTarget, Promise<void>>()
  const running: Promise<void>[] = []
  let deck: FaultKind[] = []

  for (let n = 0; n < count || (n < 3 * count && wantsMore()); n++) {
    if (deck.length === 0) deck = random.shuffle(kinds)
    const kind = deck.pop() as FaultKind
    const fault: Fault = faults[kind]
    const chance = random.fork()
    await sleep(chance.between(600, 1200))
    await Promise.all(fault.on.map((target) => busy.get(target)))
    const period = { kind, from: performance.now(), to: Number.POSITIVE_INFINITY }
    periods.push(period)
    journal.note('fault begins', { kind, n })
    const run = fault
      .run(targets, chance)
      .catch((error: unknown) => journal.violation(`after "${kind}" it did not come back: ${error}`))
      .finally(() => {
        period.to = performance.now()
        journal.note('fault healed', { kind, n })
      })
    for (const target of fault.on)
      busy.set(
        target,
        run.then(() => sleep(restMs)),
      )
    running.push(run)
  }
  await Promise.all(running)
  return periods
}
