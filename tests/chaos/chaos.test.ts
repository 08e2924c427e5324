// The short fault runs of npm test; `npm run test:long` does the full ones.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { applyEdits, copySource } from '../support/patched-source.ts'
import { findRedis } from '../support/programs.ts'
import { runChaos } from './chaos-run.ts'
import { type FaultKind, kindsFor } from './faults.ts'
import { sabotages } from './mutants.ts'
import { catchSabotages } from './sabotage-run.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))

interface Run {
  nodes?: number
  workers?: number
  faults?: number
  kinds?: FaultKind[]
}

async function run({ nodes = 1, workers = 1, faults = 20, kinds = kindsFor({ nodes, workers }) }: Run) {
  // Other tests run beside this one: fewer messages leave them room, and where there is none it goes on until they were enough.
  const findings = await runChaos({ faults, messages: 250, seed: 20, nodes, workers, kinds, pauseMs: 30, source })
  expect(findings.violations.slice(0, 10)).toEqual([])
  expect(findings.acknowledged).toBeGreaterThanOrEqual(250)
  expect(findings.acknowledged * findings.shareInFaults).toBeGreaterThan(10)
  expect([...findings.faults.keys()].sort()).toEqual(kinds.sort())
}

/** What is not the same with one process; npm run chaos -- --workers 2 does every kind. */
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

describe('The sabotaged builds', () => {
  it('[CH5] are caught, as one of them shows (all of them: npm run chaos -- --sabotage all)', async () => {
    const said: string[] = []
    const isSound = await catchSabotages({
      names: ['read, then joined'],
      seed: 5,
      source,
      say: (line) => said.push(line),
    })
    expect(said.map((line) => line.split(':')[0])).toEqual([
      'clean  openings, not sabotaged',
      'caught read, then joined',
    ])
    expect(isSound).toBe(true)
  })

  it.each(Object.keys(sabotages))('[CH5] %s still fits the source', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'kefu-sabotage-'))
    try {
      copySource(source, folder)
      applyEdits(folder, sabotages[name]?.edits ?? [])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
