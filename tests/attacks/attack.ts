// An attack is a small declared object. It runs in its own process and counts the traffic it sends.

import type { Random } from '../chaos/random.ts'
import { type Bound, boundOf } from './bounds.ts'
import type { BudgetChanges } from './change-budgets.ts'

/** The target of an attack and the addresses it comes from. */
export interface Target {
  host: string
  port: number
  /** The attacker's own addresses, each a separate client to Kefu. Attacks come from the first. */
  address(index?: number): string
  /** A peer whose X-Forwarded-For the server trusts. */
  proxyAddress: string
  /** For preparations before the attack starts. */
  admin: { username: string; password: string }
  /** Files prepared once per run. */
  files: { avif: string }
  redisUrl: string | null
  random: Random
}

/** How long an attack runs, and its counts so far. */
export interface Budget {
  seconds: number
  isOver(): boolean
  /** Resolves when the time is over. */
  over: Promise<void>
  /**
   * `requests`, `connections` and `bytes` are traffic. `cuts` and `refusals` are the server's reaction. Others are the
   * attack's own.
   */
  count(what: string, times?: number): void
  /** Keeps the largest value. */
  peak(what: string, value: number): void
}

export interface Attack<Prepared = unknown> {
  name: string
  /** The weaknesses that it exploits, by id; `new` if this run found it. */
  ids: readonly string[]
  what: string
  /** The minimum per second that it must produce; attempts count. */
  floor: { requests?: number; connections?: number; bytes?: number }
  /** The maximum that the server allows, by the attack's own counts. */
  most?: Readonly<Record<string, Bound>>
  /** Budgets whose removal makes this attack succeed. */
  proves?: readonly string[]
  /** Proves one budget alone and runs only then. */
  isDrill?: true
  /** Harmless: any refusal it counts is a server failure, whatever else runs. */
  isCrowd?: true
  /** Budget changes for a drill's server, so that seconds reach a limit meant for thousands. */
  lowered?: BudgetChanges
  needsRedis?: true
  /** Additional settings of its server. */
  env?: Readonly<Record<string, string>>
  /** Runs before the attack starts. */
  prepare?(target: Target): Promise<Prepared>
  run(target: Target, budget: Budget, prepared: Prepared): Promise<void>
}

export const attack = <Prepared>(declared: Attack<Prepared>): Attack => declared as Attack

export interface Drill<Prepared> extends Pick<Attack<Prepared>, 'what' | 'prepare' | 'run' | 'env'> {
  name?: string
  budget: string
  /** Lowered limits that seconds can reach. */
  to: Readonly<Record<string, number>>
  /** The attack's count that the budget limits. */
  counts: string
  /** The limit, unless it is the budget's own number. */
  most?: Bound
}

/** An attack that proves one budget. */
export function drill<Prepared>({ name, budget, to, counts, most, ...rest }: Drill<Prepared>): Attack {
  return attack<Prepared>({
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

/** The attack's own counts that exceed a limit. */
export function exceededLimits(most: Attack['most'], traffic: Traffic, seconds: number): string[] {
  return Object.entries(most ?? {}).flatMap(([what, { burst, perSecond }]) => {
    // Ten percent more, because a round takes slightly longer than its seconds.
    const bound = Math.ceil((burst + perSecond * (seconds + 2)) * 1.1)
    const count = traffic[what] ?? 0
    return count > bound ? [`${count} ${what}, at most ${bound} expected`] : []
  })
}

/** `met`; `cut` if the server refused or ended it first; `weak` otherwise. */
export function floorStatus({ floor }: Attack, traffic: Traffic, seconds: number): 'met' | 'cut' | 'weak' {
  const isMet = Object.entries(floor).every(([what, perSecond]) => (traffic[what] ?? 0) >= perSecond * seconds)
  if (isMet) return 'met'
  return (traffic.cuts ?? 0) + (traffic.refusals ?? 0) > 0 ? 'cut' : 'weak'
}
