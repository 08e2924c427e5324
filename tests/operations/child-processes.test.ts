// Child processes get only what they need: secrets of the settings are in Kefu's own environment alone.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { settings } from '../../server/process/config.ts'
import { databasePid, newDataDir, startServer, workersOf } from '../support/server-process.ts'

const environmentOf = (pid: number) => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean)

function descendantsOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  const children = stdout.split('\n').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}

describe.skipIf(process.platform !== 'linux')('child processes of Kefu', () => {
  test('[OB26] [S27] get no secret, except workers, which get all but ADMIN_PASSWORD', async () => {
    const dataDir = await newDataDir()
    const secrets = {
      ADMIN_PASSWORD: 'first canary of the secrets',
      JWT_SECRET: 'second canary of the secrets that is long enough',
      BACKUP_KEY: 'third-canary-of-the-secrets-that-is-long-enough',
      METRICS_TOKEN: 'fourth canary of the secrets',
    }
    const server = startServer(dataDir, { ...secrets, WORKERS: '2' })
    await server.ready()
    const workers = workersOf(server.pid)
    expect(workers).toHaveLength(2)
    for (const worker of workers) {
      expect(environmentOf(worker)).toContain(`JWT_SECRET=${secrets.JWT_SECRET}`)
      expect(environmentOf(worker).join('\n')).not.toContain(secrets.ADMIN_PASSWORD)
    }
    const others = descendantsOf(server.pid).filter((pid) => !workers.includes(pid))
    expect(others).toContain(databasePid(dataDir))
    for (const pid of others) expect(environmentOf(pid).join('\n')).not.toMatch(/canary|DATA_DIR/)
  })

  test('[OB26] [S27] npm and the build, started by bootstrap.mjs, get no secret setting', () => {
    const source = readFileSync(new URL('../../bootstrap.mjs', import.meta.url), 'utf8')
    const listed = /const secrets = \[([^\]]*)\]/.exec(source)?.[1]?.match(/\w+/g) ?? []
    const secrets = Object.values(settings).filter(({ secret }) => secret)
    expect(listed.sort()).toEqual(secrets.map(({ name }) => name).sort())
  })
})
