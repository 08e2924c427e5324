// What a part of the benchmark gives: figures, each the median of its rounds, some with a target beside them.

import type { Options } from './options.ts'
import { median } from './percentiles.ts'

/** Of the value, or of its ratio to the bare relay's. */
export type Target = ({ atLeast: number } | { atMost: number }) & { of?: 'ratio' }

export interface Metric {
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
  progress(line: string): void
  /** Does it again, at most twice, while others used more than a tenth of a core; says so. Once only when quick. */
  retryIfDisturbed<T>(what: string, measure: () => Promise<T>): Promise<T>
}

export interface Scenario {
  name: string
  run(bench: Bench): Promise<Metric[]>
}

export function metric(name: string, unit: string, rounds: number[], target?: Target): Metric {
  return withTarget({ name, unit, value: median(rounds), rounds }, target)
}

/** One that the bare relay has, too. */
export function comparedMetric(name: string, unit: string, rounds: number[], bare: number[], target?: Target): Metric {
  const ratio = median(rounds.map((value, round) => value / (bare[round] as number)))
  const own = { name, unit, value: median(rounds), rounds }
  return withTarget({ ...own, bare: { value: median(bare), rounds: bare }, ratio }, target)
}

function withTarget(metric: Metric, target: Target | undefined): Metric {
  if (target === undefined) return metric
  const value = target.of === 'ratio' ? (metric.ratio ?? Number.NaN) : metric.value
  return { ...metric, target, isMet: 'atLeast' in target ? value >= target.atLeast : value <= target.atMost }
}
