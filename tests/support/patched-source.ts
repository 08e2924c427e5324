// A copy of the source with exact replacements in it, to prove that a test sees what they break. Nothing of them is in the product, and one
// that does not fit the source any more fails.

import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Edit {
  file: string
  find: string
  put: string
}

/** What a Kefu process is made of. */
const parts = ['protocol', 'db', 'server', 'schema.sql', 'package.json']

/** What its tests need besides, but for those in a browser. */
export const testParts = ['tests', 'vitest.config.ts', 'client-web/shared']

export function copySource(from: string, to: string, more: readonly string[] = []): void {
  for (const part of [...parts, ...more]) cpSync(join(from, part), join(to, part), { recursive: true })
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'))
}

export const timesIn = (path: string, text: string) => readFileSync(path, 'utf8').split(text).length - 1

/** Throws where an edit does not fit exactly once. */
export function applyEdits(source: string, edits: readonly Edit[]): void {
  for (const { file, find, put } of edits) {
    const path = join(source, file)
    const found = timesIn(path, find)
    if (found !== 1) throw new Error(`the edit fits ${found} times in ${file}: ${find}`)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(find, () => put),
    )
  }
}
