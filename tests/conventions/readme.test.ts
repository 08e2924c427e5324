// The two READMEs: their checkable claims are true, and the Chinese one matches the English one.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { settings, settingsTable } from '../../server/process/config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const english = read('README.md')
const chinese = read('README.zh-CN.md')

const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? match[0])
const headings = (text: string) => all(text, /^(#+) /gm)
const codeBlocks = (text: string) => all(text, /^```(\w+)$/gm)
const tableRows = (text: string) => all(text, /^\| .* \|$/gm).length
const listItems = (text: string) => all(text, /^(?:-|\d+\.) /gm).length
/** Names and defaults of settings as in the table, except translated words. */
const settingRows = (text: string) => all(text, /^\| (`[A-Z_]+` \| [\w./]+) \|/gm)
const targets = (text: string) => all(text, /\]\(([^)#]+)(?:#[^)]*)?\)/g)

describe('the README', () => {
  test('contains the table of settings generated from the code', () => {
    const [, table] = /<!-- settings -->\n([\s\S]*)\n<!-- end of settings -->/.exec(english) ?? []
    expect(table).toBe(settingsTable())
  })

  test.each([
    ['English', english],
    ['Chinese', chinese],
  ])('in %s names only files and commands that exist', (_, text) => {
    const missing = targets(text).filter((target) => !existsSync(join(root, target)))
    expect(missing).toEqual([])
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const unknown = all(text, /npm (?:run )?(start|test|[\w-]+)/g).filter((name) => !(name in scripts))
    expect(unknown).toEqual([])
  })

  test('has the same headings, code, tables, lists, images and settings in Chinese', () => {
    expect(headings(chinese)).toEqual(headings(english))
    expect(codeBlocks(chinese)).toEqual(codeBlocks(english))
    expect(tableRows(chinese)).toBe(tableRows(english))
    expect(listItems(chinese)).toBe(listItems(english))
    expect(all(chinese, /!\[/g)).toHaveLength(all(english, /!\[/g).length)
    const translated = (rows: string[]) => rows.filter((row) => !row.endsWith('unset'))
    expect(settingRows(chinese)).toEqual(translated(settingRows(english)))
    for (const { name } of Object.values(settings)) expect(chinese).toContain(`| \`${name}\` |`)
  })
})
