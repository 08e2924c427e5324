import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const rulePages = ['PROTOCOL.md', 'docs/DATABASE.md', 'docs/DELIVERY.md']
const rules = rulePages.flatMap((page) =>
  [...read(page).matchAll(/^- \[([A-Z]{2}\d+)\]/gm)].map((match) => match[1] as string),
)

/** What the titles of all tests cite. */
function cited(): Set<string> {
  const files = readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.test\.tsx?$/.test(file),
  )
  const titles = files.flatMap((file) =>
    [
      ...read(join('tests', file)).matchAll(
        /(?:\b(?:it|test|describe)(?:\.[a-zA-Z]+(?:\([^)]*\))?)*|^ *\]\))\(\s*(['"`])([\s\S]*?)\1/gm,
      ),
    ].map((match) => match[2] as string),
  )
  return new Set(
    titles.flatMap((title) => [...title.matchAll(/\[([A-Z]{2}\d+)\]/g)].map((match) => match[1] as string)),
  )
}

describe('the rules', () => {
  it('are each numbered once', () => {
    expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([])
    expect(rules.length).toBeGreaterThan(60)
  })

  it('are each cited by a test', () => {
    const proven = cited()
    expect(rules.filter((rule) => !proven.has(rule))).toEqual([])
  })

  it('are known where tests cite them', () => {
    expect([...cited()].filter((rule) => !rules.includes(rule))).toEqual([])
  })
})
