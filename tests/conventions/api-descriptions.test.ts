// The committed API descriptions, and PROTOCOL.md's tables, against the schemas and registries of the code.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, it } from 'vitest'
import { eventSchemas } from '#protocol/events.ts'
import { calls } from '#protocol/http.ts'
import { requestSchemas } from '#protocol/requests.ts'
import { apiDescriptions } from '../../server/commands/api-descriptions.ts'

const root = new URL('../../', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const generated = await apiDescriptions()

describe.each(Object.keys(generated))('%s', (path) => {
  it('is what npm run describe generates', () => {
    expect(read(path) === generated[path], `${path} is stale: run npm run describe`).toBe(true)
  })

  it('passes the recommended rules of Redocly', async () => {
    // Sockets authenticate in the handshake, not in each operation.
    const config = await createConfig({
      extends: ['recommended'],
      rules: { 'security-defined': path.includes('async') ? 'off' : 'error' },
    })
    const problems = await lintFromString({ source: read(path), absoluteRef: join(root, path), config })
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([])
  })
})

describe('the tables of PROTOCOL.md', () => {
  const protocol = read('PROTOCOL.md')
  const namesIn = (heading: string) => {
    const [, after = ''] = protocol.split(`\n${heading}\n`)
    const [section = ''] = after.split(/\n#{2,3} /)
    return [...section.matchAll(/^\| ([a-z]+:[a-z-]+(?: · [a-z]+:[a-z-]+)*)/gm)].flatMap(([, names = '']) =>
      names.split(' · '),
    )
  }

  it('list every socket request', () => {
    expect(namesIn('### Requests').sort()).toEqual(Object.keys(requestSchemas).sort())
  })

  it('list every event', () => {
    expect(namesIn('### Events').sort()).toEqual(Object.keys(eventSchemas).sort())
  })

  it('list every HTTP call', () => {
    const rows = [...protocol.matchAll(/^\| ((?:GET|POST|PATCH|DELETE) \/[^|]*)\|/gm)].map(([, row = '']) => row)
    const listed = [...rows.join(' ').matchAll(/(GET|POST|PATCH|DELETE) (\/[^ ?]*)/g)].map(([call]) => call)
    expect(listed.sort()).toEqual(Object.keys(calls).sort())
  })
})
