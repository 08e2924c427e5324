// The scenarios that catch the mutants. Each must pass without a mutant.

import { runChaos } from './chaos-run.ts'
import { findGapsInOpenings } from './openings.ts'

export interface ScenarioOptions {
  seed: number
  /** The folder of the server's source. */
  source: string
}

/** Each returns its violations. */
export const scenarios = {
  faults: async (options: ScenarioOptions) => {
    const kinds = [
      'power lost',
      'server killed',
      'database connections killed',
      'database killed',
      'clients cut off',
    ] as const
    return (await runChaos({ ...options, nodes: 1, faults: 12, kinds, keepsFolder: false })).violations
  },
  'lost connections': async (options: ScenarioOptions) => {
    const kinds = ['database connections killed'] as const
    return (await runChaos({ ...options, nodes: 1, faults: 8, kinds, keepsFolder: false })).violations
  },
  /** Two nodes without a bus: no event of one node reaches the clients of the other. */
  apart: async (options: ScenarioOptions) => {
    const run = { nodes: 2, withoutRedis: true, faults: 3, kinds: ['clients cut off'], keepsFolder: false } as const
    return (await runChaos({ ...options, ...run })).violations
  },
  openings: findGapsInOpenings,
} satisfies Record<string, (options: ScenarioOptions) => Promise<string[]>>

export type ScenarioName = keyof typeof scenarios
