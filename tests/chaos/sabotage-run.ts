// Runs each sabotaged build in its scenario, and each scenario without sabotage first: one that complains of everything proves nothing.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyEdits, copySource } from '../support/patched-source.ts'
import { type Sabotage, sabotages } from './mutants.ts'
import { scenarios } from './scenarios.ts'

export interface SabotageOptions {
  names: readonly string[]
  seed: number
  /** Where the sound source is. */
  source: string
  say: (line: string) => void
}

/** True when all were caught and no scenario complained without sabotage. */
export async function catchSabotages({ names, seed, source, say }: SabotageOptions): Promise<boolean> {
  const chosen = names.map((name): [string, Sabotage] => {
    const sabotage = sabotages[name]
    if (sabotage === undefined) throw new Error(`there is no sabotage "${name}": ${Object.keys(sabotages).join(', ')}`)
    return [name, sabotage]
  })
  let isSound = true
  for (const scenario of new Set(chosen.map(([, sabotage]) => sabotage.scenario))) {
    const violations = await withCopy(source, null, (copy) => scenarios[scenario]({ seed, source: copy }))
    isSound &&= violations.length === 0
    say(`${violations.length === 0 ? 'clean ' : 'FALSE '} ${scenario}, not sabotaged${firstOf(violations)}`)
  }
  for (const [name, sabotage] of chosen) {
    const violations = await withCopy(source, sabotage, (copy) => scenarios[sabotage.scenario]({ seed, source: copy }))
    isSound &&= violations.length > 0
    say(`${violations.length > 0 ? 'caught' : 'MISSED'} ${name}: ${sabotage.breaks}${firstOf(violations)}`)
  }
  return isSound
}

const firstOf = (violations: string[]) =>
  violations.length === 0 ? '' : `\n         ${violations.length} violations, the first: ${violations[0]}`

async function withCopy<T>(source: string, sabotage: Sabotage | null, work: (copy: string) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'kefu-sabotage-'))
  try {
    copySource(source, copy)
    if (sabotage) applyEdits(copy, sabotage.edits)
    return await work(copy)
  } finally {
    await rm(copy, { recursive: true })
  }
}
