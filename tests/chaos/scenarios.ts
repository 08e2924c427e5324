// The situations in which sabotaged builds must be caught; each must pass without sabotage.

import { runChaos } from './chaos-run.ts'
import { findGapsInOpenings } from './openings.ts'

export interface ScenarioOptions {
  seed: number
  /** Where the server's source is. */
  source: string
}

/** Each answers what was violated. */
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
  /** Two nodes that never hear from each other: all that one does is lost on the way to the other's clients. */
  apart: async (options: ScenarioOptions) => {
    const run = { nodes: 2, withoutRedis: true, faults: 3, kinds: ['clients cut off'], keepsFolder: false } as const
    return (await runChaos({ ...options, ...run })).violations
  },
  openings: findGapsInOpenings,
} satisfies Record<string, (options: ScenarioOptions) => Promise<string[]>>

export type ScenarioName = keyof typeof scenarios
