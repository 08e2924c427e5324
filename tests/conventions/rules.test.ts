import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const rulePages = ['PROTOCOL.md', 'docs/DATABASE.md', 'docs/DELIVERY.md']
const rules = rulePages.flatMap((page) =>
  [...read(page).matchAll(/^- \[([A-Z]{2}\d+[a-z]?)\]/gm)].map((match) => match[1] as string),
)

/** A letter marks a further fact of the same rule: [CV5a] belongs to [CV5]. */
const baseOf = (rule: string) => rule.replace(/[a-z]$/, '')

const testFiles = readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.test\.tsx?$/.test(file),
)

/** The ids that test titles cite. */
function citedIn(files: readonly string[], id: RegExp): Set<string> {
  const titles = files.flatMap((file) =>
    [
      ...read(join('tests', file)).matchAll(
        /(?:\b(?:it|test|describe)(?:\.[a-zA-Z]+(?:\([^)]*\))?)*|^ *\]\))\(\s*(['"`])([\s\S]*?)\1/gm,
      ),
    ].map((match) => match[2] as string),
  )
  return new Set(titles.flatMap((title) => [...title.matchAll(id)].map((match) => match[1] as string)))
}

const cited = () => citedIn(testFiles, /\[([A-Z]{2}\d+[a-z]?)\]/g)

describe('the rules', () => {
  it('are each numbered once', () => {
    expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([])
    expect(rules.length).toBeGreaterThan(60)
  })

  it('have a letter only where the base id is a rule too', () => {
    expect(rules.filter((rule) => !rules.includes(baseOf(rule)))).toEqual([])
  })

  it('exist wherever a rule page names them', () => {
    const named = rulePages.flatMap((page) =>
      [...read(page).matchAll(/\[([A-Z]{2}\d+[a-z]?)\]/g)].map((match) => match[1] as string),
    )
    expect(named.filter((rule) => !rules.includes(rule))).toEqual([])
  })

  // A test that cites the base id covers its letters. A test of a single fact may cite the letter instead.
  it('are each cited by a test, with their own id or their base id', () => {
    const proven = cited()
    expect(rules.filter((rule) => !proven.has(rule) && !proven.has(baseOf(rule)))).toEqual([])
  })

  it('exist wherever tests cite them', () => {
    expect([...cited()].filter((rule) => !rules.includes(rule))).toEqual([])
  })
})

describe('the threats of docs/SECURITY.md', () => {
  const page = read('docs/SECURITY.md')
  const rows = [...page.matchAll(/^\| \[?(T\d\d)(\]?) \| [^|]+ \| [^|]+ \|(.*)\|$/gm)].map(
    ([, id = '', applies, places = '']) => ({
      id,
      applies: applies === ']',
      places: places.trim().split(', ').filter(Boolean),
    }),
  )
  const threat = /\[(T\d+)\]/g

  it('are each in the table, once', () => {
    const all = Array.from({ length: 36 }, (_, index) => `T${String(index + 1).padStart(2, '0')}`)
    expect(rows.map(({ id }) => id)).toEqual(all)
  })

  it('are each cited in the test files that the table names, if Kefu has the attacked feature', () => {
    const missing = rows.flatMap(({ id, places }) =>
      places
        .filter((place) => {
          const files = testFiles.filter(
            (file) => file === `${place}.test.ts` || (place.endsWith('/') && file.startsWith(place)),
          )
          return !citedIn(files, threat).has(id)
        })
        .map((place) => `${id} ${place}`),
    )
    expect(missing).toEqual([])
    expect(rows.filter(({ applies, places }) => applies !== places.length > 0)).toEqual([])
  })

  it('exist wherever tests cite them', () => {
    const applicable = rows.filter(({ applies }) => applies).map(({ id }) => id)
    expect([...citedIn(testFiles, threat)].filter((id) => !applicable.includes(id))).toEqual([])
  })

  it('name only existing rules', () => {
    const named = [...page.matchAll(/\[([A-Z]{2}\d+)\]/g)].map((match) => match[1] as string)
    expect(named.filter((rule) => !rules.includes(rule))).toEqual([])
  })
})
