// What an attack is: a small declared object. It runs in a process of its own, and counts what it sends.

import type { Random } from '../chaos/random.ts'
import { type Bound, boundOf } from './bounds.ts'
import type { BudgetChanges } from './change-budgets.ts'

/** Where an attack goes, and from which addresses. */
export interface Target {
  host: string
  port: number
  /** Addresses of the attacker: all of its own, each another client to Kefu. The first is the one that attacks come from. */
  address(index?: number): string
  /** A peer whose X-Forwarded-For the server believes. */
  proxyAddress: string
  /** For setting the stage, before the attack begins. */
  admin: { username: string; password: string }
  /** Files that were prepared once. */
  files: { avif: string }
  redisUrl: string | null
  random: Random
}

/** How long an attack runs, and what it has sent by then. */
export interface Budget {
  seconds: number
  isOver(): boolean
  /** Resolves when it is over. */
  over: Promise<void>
  /** `requests`, `connections` and `bytes` are traffic; `cuts` and `refusals` are the server's reaction; other names are the attack's own. */
  count(what: string, times?: number): void
  /** Keeps the largest value. */
  peak(what: string, value: number): void
}

export interface Attack<Stage = unknown> {
  name: string
  /** Of the weaknesses that it is about; `new` where it was found with this run. */
  ids: readonly string[]
  what: string
  /** What it produces at least, a second; attempts count. */
  floor: { requests?: number; connections?: number; bytes?: number }
  /** What the server lets through at most, by the names that the attack counts. */
  most?: Readonly<Record<string, Bound>>
  /** Budgets that this attack misses when they are removed. */
  proves?: readonly string[]
  /** Proves one budget alone, and takes part only then. */
  isDrill?: true
  /** Harmless: what it counts as refused is a failure of the server, whatever else runs. */
  isCrowd?: true
  /** What a drill changes of the table for its server, so that a bound for thousands is reached within seconds. */
  lowered?: BudgetChanges
  needsRedis?: true
  /** More settings of its server. */
  env?: Readonly<Record<string, string>>
  /** Before the attack begins. */
  prepare?(target: Target): Promise<Stage>
  run(target: Target, budget: Budget, stage: Stage): Promise<void>
}

export const attack = <Stage>(declared: Attack<Stage>): Attack => declared as Attack

export interface Drill<Stage> extends Pick<Attack<Stage>, 'what' | 'prepare' | 'run' | 'env'> {
  name?: string
  budget: string
  /** What its numbers are lowered to, so that seconds are enough. */
  to: Readonly<Record<string, number>>
  /** What the attack counts, of which the budget lets no more through. */
  counts: string
  /** Where that is not the budget's own number. */
  most?: Bound
}

/** An attack that proves one budget. */
export function drill<Stage>({ name, budget, to, counts, most, ...rest }: Drill<Stage>): Attack {
  return attack<Stage>({
    name: name ?? `drill-${budget}`,
    ids: ['drill'],
    isDrill: true,
    floor: {},
    proves: [budget],
    lowered: { [budget]: to },
    most: { [counts]: most ?? boundOf(to) },
    ...rest,
  })
}

export type Traffic = Record<string, number>

export function createBudget(seconds: number): Budget & { traffic: Traffic } {
  const traffic: Traffic = {}
  const endsAt = performance.now() + seconds * 1000
  let isOver = false
  return {
    seconds,
    traffic,
    isOver: () => isOver || performance.now() >= endsAt,
    over: new Promise((resolve) =>
      setTimeout(() => {
        isOver = true
        resolve()
      }, seconds * 1000),
    ),
    count(what, times = 1) {
      traffic[what] = (traffic[what] ?? 0) + times
    },
    peak(what, value) {
      traffic[what] = Math.max(traffic[what] ?? 0, value)
    },
  }
}

/** What is wrong with an attack's own counts. */
export function broken(most: Attack['most'], traffic: Traffic, seconds: number): string[] {
  return Object.entries(most ?? {}).flatMap(([what, { burst, perSecond }]) => {
    // A tenth more, for the time that a round takes beyond its seconds.
    const bound = Math.ceil((burst + perSecond * (seconds + 2)) * 1.1)
    const count = traffic[what] ?? 0
    return count > bound ? [`${count} ${what}, at most ${bound} expected`] : []
  })
}

/** `met`, or `cut` where the server ended or refused it before, or `weak`. */
export function floorOf({ floor }: Attack, traffic: Traffic, seconds: number): 'met' | 'cut' | 'weak' {
  const isMet = Object.entries(floor).every(([what, perSecond]) => (traffic[what] ?? 0) >= perSecond * seconds)
  if (isMet) return 'met'
  return (traffic.cuts ?? 0) + (traffic.refusals ?? 0) > 0 ? 'cut' : 'weak'
}
