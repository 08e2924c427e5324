// What a part of the benchmark gives: figures, each the median of its rounds, some with a target beside them.

import type { Options } from './options.ts'
import { median } from './percentiles.ts'

/** Of the value, or of its ratio to the bare relay's. */
export type Target = ({ atLeast: number } | { atMost: number }) & { of?: 'ratio' }

export interface Figure {
  name: string
  unit: string
  /** The median of the rounds. */
  value: number
  rounds: number[]
  /** The bare relay's, in the same rounds. */
  bare?: { value: number; rounds: number[] }
  /** The median of the rounds' ratios, ours to bare. */
  ratio?: number
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
  return judged({ name, unit, value: median(rounds), rounds }, target)
}

/** One that the bare relay has, too. */
export function compared(name: string, unit: string, rounds: number[], bare: number[], target?: Target): Figure {
  const ratio = median(rounds.map((value, round) => value / (bare[round] as number)))
  const own = { name, unit, value: median(rounds), rounds }
  return judged({ ...own, bare: { value: median(bare), rounds: bare }, ratio }, target)
}

function judged(figure: Figure, target: Target | undefined): Figure {
  if (target === undefined) return figure
  const value = target.of === 'ratio' ? (figure.ratio ?? Number.NaN) : figure.value
  return { ...figure, target, isMet: 'atLeast' in target ? value >= target.atLeast : value <= target.atMost }
}
