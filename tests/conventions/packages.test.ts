// Dependencies: exact versions, integrity hashes, and no install scripts.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface LockEntry {
  version: string
  resolved?: string
  integrity?: string
  hasInstallScript?: boolean
  dev?: boolean
  license?: string
}

const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockEntry> }
const { '': _own, ...packages } = lock.packages
const entries = Object.entries(packages).map(([path, entry]) => ({
  name: path.split('node_modules/').at(-1),
  ...entry,
}))

describe('[T35] the packages', () => {
  it('are requested by exact version', () => {
    const asked = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.values(manifest[kind] ?? {}),
    )
    expect(asked.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('are locked with an integrity hash and without a URL', () => {
    expect(entries.filter(({ integrity }) => !integrity?.startsWith('sha512-')).map(({ name }) => name)).toEqual([])
    expect(entries.filter(({ resolved }) => resolved !== undefined).map(({ name }) => name)).toEqual([])
  })

  it('have an install script only where listed as safe to skip', () => {
    // argon2 and bcrypt ship their binaries prebuilt; the script would only search for it.
    const scripted = entries.filter(({ hasInstallScript, dev }) => hasInstallScript && !dev).map(({ name }) => name)
    expect([...new Set(scripted)].sort()).toEqual(['argon2', 'bcrypt'])
    expect(read('bootstrap.mjs')).toContain("'--ignore-scripts'")
    expect(read('Dockerfile')).toMatch(/npm ci .*--ignore-scripts/)
  })

  it('have a licence that allows redistribution, if they run with Kefu', () => {
    // xmlhttprequest-ssl (MIT) states its licence in a field that npm no longer reads.
    const fine = /\b(MIT|ISC|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|0BSD|LGPL-3\.0-or-later)\b/
    const others = entries.filter(({ license, dev }) => !dev && !fine.test(license ?? '')).map(({ name }) => name)
    expect(others).toEqual(['xmlhttprequest-ssl'])
  })

  it('are each explained in docs/ARCHITECTURE.md', () => {
    const [, explained = ''] = read('docs/ARCHITECTURE.md').split('## Dependencies')
    const named = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    )
    const missing = named.filter(
      (name) => !explained.includes(name.replace(/^@types\/.*/, '@types/*').replace(/^@fastify\//, '')),
    )
    expect(missing).toEqual([])
  })
})
