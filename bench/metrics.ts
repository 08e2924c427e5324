// Metrics of a scenario: each the median of its rounds, some with a target.

import type { Options } from './options.ts'
import { median } from './percentiles.ts'

/** Applies to the value, or to its ratio to the bare relay's value. */
export type Target = ({ atLeast: number } | { atMost: number }) & { of?: 'ratio' }

export interface Metric {
  name: string
  unit: string
  /** The median of the rounds. */
  value: number
  rounds: number[]
  /** The bare relay's value in the same rounds. */
  bare?: { value: number; rounds: number[] }
  /** The median of the per-round ratios of Kefu to the bare relay. */
  ratio?: number
  target?: Target
  isMet?: boolean
}

/** The context of a scenario. */
export interface Bench {
  options: Options
  progress(line: string): void
  /**
   * Repeats a measurement, at most twice, if other processes used more than a tenth of a core. --quick measures once.
   */
  retryIfDisturbed<T>(what: string, measure: () => Promise<T>): Promise<T>
}

export interface Scenario {
  name: string
  run(bench: Bench): Promise<Metric[]>
}

export function metric(name: string, unit: string, rounds: number[], target?: Target): Metric {
  return withTarget({ name, unit, value: median(rounds), rounds }, target)
}

/** A metric with the bare relay's value beside it. */
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
