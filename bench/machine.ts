// Describes the machine, and detects other processes that disturb a measurement.

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

/** Cores that other processes may use during a measurement. */
const toleratedCores = 0.1

export interface Disturbance {
  what: string
  /** Average use by other processes. */
  cores: number
}

/** Repeats disturbed measurements, at most `repeats` times, and records those that are still disturbed. */
export function createWatch(repeats: number, disturbances: Disturbance[]) {
  return async <T>(what: string, measure: () => Promise<T>): Promise<T> => {
    for (let left = repeats; ; left--) {
      const othersUsed = watchOthers()
      const measured = await measure()
      const cores = othersUsed()
      if (!(cores > toleratedCores)) return measured
      if (left > 0) continue
      disturbances.push({ what, cores })
      return measured
    }
  }
}
