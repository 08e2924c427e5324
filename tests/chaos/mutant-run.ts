// Runs each mutant in its scenario. First each scenario runs without one, because a checker that always complains
// proves nothing.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyEdits, copySource } from '../support/patched-source.ts'
import { type Mutant, mutants } from './mutants.ts'
import { scenarios } from './scenarios.ts'

export interface MutantRunOptions {
  names: readonly string[]
  seed: number
  /** The folder of the unmodified source. */
  source: string
  print: (line: string) => void
}

/** True when every mutant was caught and no scenario complained without one. */
export async function catchMutants({ names, seed, source, print }: MutantRunOptions): Promise<boolean> {
  const chosen = names.map((name): [string, Mutant] => {
    const mutant = mutants[name]
    if (mutant === undefined)
      throw new Error(`There is no mutant "${name}". Use one of: ${Object.keys(mutants).join(', ')}`)
    return [name, mutant]
  })
  let isSound = true
  for (const scenario of new Set(chosen.map(([, mutant]) => mutant.scenario))) {
    const violations = await withCopy(source, null, (copy) => scenarios[scenario]({ seed, source: copy }))
    isSound &&= violations.length === 0
    print(`${violations.length === 0 ? 'clean ' : 'FALSE '} ${scenario}, without a mutant${firstOf(violations)}`)
  }
  for (const [name, mutant] of chosen) {
    const violations = await withCopy(source, mutant, (copy) => scenarios[mutant.scenario]({ seed, source: copy }))
    isSound &&= violations.length > 0
    print(`${violations.length > 0 ? 'caught' : 'MISSED'} ${name}: ${mutant.breaks}${firstOf(violations)}`)
  }
  return isSound
}

const firstOf = (violations: string[]) =>
  violations.length === 0 ? '' : `\n         ${violations.length} violations, the first: ${violations[0]}`

async function withCopy<T>(source: string, mutant: Mutant | null, work: (copy: string) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'kefu-mutant-'))
  try {
    copySource(source, copy)
    if (mutant) applyEdits(copy, mutant.edits)
    return await work(copy)
  } finally {
    await rm(copy, { recursive: true })
  }
}
