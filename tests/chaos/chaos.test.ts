// The short fault runs of `npm test`. `npm run test:long` does the full ones.

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findRedis } from '../support/programs.ts'
import { runChaos } from './chaos-run.ts'
import { type FaultKind, kindsFor } from './faults.ts'
import { catchMutants } from './mutant-run.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))

interface Run {
  nodes?: number
  workers?: number
  faults?: number
  kinds?: FaultKind[]
}

async function run({ nodes = 1, workers = 1, faults = 20, kinds = kindsFor({ nodes, workers }) }: Run) {
  // Other tests run in parallel, so this run sends fewer messages and continues until enough are acknowledged.
  const findings = await runChaos({ faults, messages: 250, seed: 20, nodes, workers, kinds, pauseMs: 30, source })
  expect(findings.violations.slice(0, 10)).toEqual([])
  expect(findings.acknowledged).toBeGreaterThanOrEqual(250)
  expect(findings.acknowledged * findings.shareInFaults).toBeGreaterThan(10)
  expect([...findings.faults.keys()].sort()).toEqual(kinds.sort())
}

/** The faults that differ from those of one process. `npm run chaos -- --workers 2` does every kind. */
const ofWorkers: FaultKind[] = ['worker killed', 'worker frozen', 'server killed', 'server frozen']

describe('Faults while people talk', () => {
  it('[CH1] [CH2] [CH3] [CH4] [MS1] [MS2] [MS3] [EV1] break no promise of one node', () => run({}), 240_000)

  it.skipIf(!findRedis())(
    '[CH1] [CH2] [CH3] [CH4] [ND6] break no promise of two nodes',
    () => run({ nodes: 2 }),
    240_000,
  )

  it(
    '[CH1] [CH2] [CH3] [CH4] [WK3] [WK5] break no promise of two workers',
    () => run({ workers: 2, faults: 4, kinds: ofWorkers }),
    240_000,
  )
})

describe('The mutants', () => {
  it('[CH5] are caught by the checker: one here, all by npm run chaos -- --sabotage all', async () => {
    const lines: string[] = []
    const isSound = await catchMutants({
      names: ['subscribed after the read'],
      seed: 5,
      source,
      print: (line) => lines.push(line),
    })
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'clean  openings, without a mutant',
      'caught subscribed after the read',
    ])
    expect(isSound).toBe(true)
  })
})
