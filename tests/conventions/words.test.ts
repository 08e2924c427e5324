// No file uses a word that docs/GLOSSARY.md replaces: code, comments, file names, tests, docs, SQL and dictionaries.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Allowance, allowances, bannedWords } from './words.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isText = /\.(ts|tsx|mjs|css|html|svg|sql|md|yml|yaml|json|txt|example)$|(^|\/)Dockerfile$/
/** The lock file and the licence are the work of others. */
const isForeign = /^(package-lock\.json|LICENSE)$/

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => isText.test(file) && !isForeign.test(file) && existsSync(join(root, file)))

interface Hit {
  file: string
  /** 0 for the file's name. */
  line: number
  text: string
  instead: string
}

/** Splits identifiers: `sendMail`, `known_customers`, `SMTPMail`. */
const asWords = (line: string): string =>
  line
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/_/g, ' ')

const findWord = (text: string) => bannedWords.find(({ pattern }) => pattern.test(text))

/** Also finds phrases that continue on the next line. */
function findBanned(file: string, text: string): Hit[] {
  const lines = [file.replace(/[-/.]/g, ' '), ...text.split('\n')].map(asWords)
  return lines.flatMap((line, index) => {
    const next = lines[index + 1]?.replace(/^\s*(\/\/|\/?\*+|--|#|>)?\s*/, '') ?? ''
    const found = findWord(line) ?? (index > 0 && !findWord(next) ? findWord(`${line.trimEnd()} ${next}`) : undefined)
    const original = index === 0 ? file : (text.split('\n')[index - 1] as string)
    return found ? [{ file, line: index, text: original.trim(), instead: found.instead }] : []
  })
}

const isAllowedBy = ({ file, text }: Allowance, hit: Hit) =>
  (hit.file === file || (file.endsWith('/') && hit.file.startsWith(file))) &&
  (text === undefined || hit.text.includes(text))

const hits = files.flatMap((file) => findBanned(file, readFileSync(join(root, file), 'utf8')))

describe('the words of the glossary', () => {
  it('are used everywhere', () => {
    const violations = hits.filter((hit) => !allowances.some((allowance) => isAllowedBy(allowance, hit)))
    expect(violations.map(({ file, line, text, instead }) => `${file}:${line}: ${text} → ${instead}`)).toEqual([])
  })

  it.each([
    ['const knownCustomers = 1', 1],
    ['// What was told to others', 1],
    ['await sendMail()', 1],
    ['const SMTPMail = 1', 1],
    ['function tell_typing() {}', 1],
    ['// All of them are sent at\n  // once.', 1],
    ['// one\n// at once', 1],
    ['-- let\n-- go', 1],
    ['/.well-known/security.txt', 0],
    ['an email address, mailto:a@b.example', 0],
    ['the outstanding requests, we understand', 0],
  ])('%j contains %i banned words', (text, count) => {
    expect(findBanned('some/file.ts', text)).toHaveLength(count)
  })

  it('apply to file names', () => {
    expect(findBanned('server/known-customers.ts', '')).toMatchObject([{ line: 0 }])
  })

  it.each(allowances)('allow $file for a reason, and the exception is needed', (allowance) => {
    expect(allowance.reason.length).toBeGreaterThan(10)
    expect(hits.some((hit) => isAllowedBy(allowance, hit))).toBe(true)
  })
})
