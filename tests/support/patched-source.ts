// A copy of the source with edits in it, which prove that a test notices what they break. An edit that no longer fits
// the source throws.

import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { canParse, findCode, findText } from './find-code.ts'

export interface Edit {
  file: string
  /** The code to replace, however the source formats it. */
  find: string
  /** The new code; '' removes a statement or a call of a method chain. */
  put: string
  /** The function that contains the code. Without it, the code is the only such code in the file. */
  within?: string
}

/** The parts of the repository that a Kefu process needs. */
const parts = ['protocol', 'db', 'server', 'schema.sql', 'package.json']

/** The parts that its tests need besides, except those in a browser. */
export const testParts = ['tests', 'vitest.config.ts', 'client-web/shared']

export function copySource(from: string, to: string, more: readonly string[] = []): void {
  for (const part of [...parts, ...more]) cpSync(join(from, part), join(to, part), { recursive: true })
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'))
}

/** The source with the edit in it; throws unless the edit fits exactly one place. */
export function applyEdit(source: string, edit: Edit): string {
  const { file, find, put, within } = edit
  const isCode = extname(file) === '.ts'
  const fail = (reason: string): never => {
    throw new Error(`${file}${within ? `, ${within}` : ''}: ${reason}: ${find}`)
  }
  const matches = isCode ? findCode(source, find, within) : findText(source, find)
  const [match] = matches
  if (match === undefined || matches.length > 1) {
    const elsewhere = isCode && within ? findCode(source, find).map((one) => one.within || 'the top level') : []
    const hint = elsewhere.length > 0 ? `; the file has it in ${elsewhere.join(', ')}` : ''
    return fail(`the edit fits ${matches.length} times instead of once${hint}`)
  }
  if (put === '' && isCode && (match.kind === 'expression' || match.kind === 'property')) {
    return fail(`give a replacement, only a statement or a call of a method chain can be removed`)
  }
  const code = {
    // Not nothing: the statement may be the body of an `if`.
    statement: put || ';',
    expression: isCode ? `(${put})` : put,
    property: put,
    chain: put,
  }[match.kind]
  const edited = source.slice(0, match.start) + code + source.slice(match.end)
  return isCode && !canParse(edited) ? fail('the source has a syntax error after the edit') : edited
}

/** Applies the edits to the files in a folder, one after another. */
export function applyEdits(folder: string, edits: readonly Edit[]): void {
  for (const edit of edits) {
    const path = join(folder, edit.file)
    writeFileSync(path, applyEdit(readFileSync(path, 'utf8'), edit))
  }
}
