// What a part of the benchmark gives: figures, each the median of its rounds, some with a target beside them.

import type { Options } from './options.ts'
import { median } from './percentiles.ts'

export type Target = { atLeast: number } | { atMost: number }

export interface Figure {
  name: string
  unit: string
  /** The median of the rounds. */
  value: number
  rounds: number[]
  target?: Target
  isMet?: boolean
}

/** What each part is given. */
export interface Bench {
  options: Options
  say(line: string): void
  /** Does it again, at most twice, while others used more than a tenth of a core; says so. Once only when quick. */
  undisturbed<T>(what: string, measure: () => Promise<T>): Promise<T>
}

export interface Part {
  name: string
  run(bench: Bench): Promise<Figure[]>
}

export function figure(name: string, unit: string, rounds: number[], target?: Target): Figure {
  const value = median(rounds)
  return { name, unit, value, rounds, ...(target === undefined ? {} : { target, isMet: meets(value, target) }) }
}

const meets = (value: number, target: Target) =>
  'atLeast' in target ? value >= target.atLeast : value <= target.atMost
