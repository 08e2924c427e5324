// The machine that the figures are of, and whether others used it meanwhile.

import { cpus, loadavg, release, totalmem } from 'node:os'
import { watchOthers } from './usage.ts'

export interface Machine {
  processor: string
  cores: number
  memoryGiB: number
  system: string
  node: string
  loadAverage: number[]
}

export function describeMachine(): Machine {
  const [first] = cpus()
  return {
    processor: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
  }
}

/** Cores that others may use in a measurement. */
const tolerated = 0.1

export interface Disturbance {
  what: string
  /** Used by others, on average. */
  cores: number
}

/** Measures again while others disturb, so many times at most; what still was disturbed is kept in the list. */
export function createWatch(repeats: number, disturbances: Disturbance[]) {
  return async <T>(what: string, measure: () => Promise<T>): Promise<T> => {
    for (let left = repeats; ; left--) {
      const othersUsed = watchOthers()
      const measured = await measure()
      const cores = othersUsed()
      if (!(cores > tolerated)) return measured
      if (left > 0) continue
      disturbances.push({ what, cores })
      return measured
    }
  }
}
