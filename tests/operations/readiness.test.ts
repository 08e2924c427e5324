// /readyz says whether a process can work: whether the database accepts its writes, and the disk its uploads.

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { describe, expect, it, onTestFinished } from 'vitest'
import { driverOptions } from '#db/core/connect.ts'
import { layoutOf } from '#db/embedded/layout.ts'
import { administrator } from '#db/embedded/server-options.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { newDataDir, startServer } from '../support/server-process.ts'

interface Readiness {
  status: number
  body: {
    status?: string
    uploads?: string
    leaseAgeMs?: number
    error?: { code: string; message: string; details?: { leaseAgeMs: number } }
  }
}

async function readiness(url: string): Promise<Readiness> {
  const response = await fetch(`${url}/readyz`)
  return { status: response.status, body: (await response.json()) as Readiness['body'] }
}

describe('readiness', () => {
  it('[HT24e] [HT24f] O6 ends while the database is read-only, and returns by itself', async () => {
    const dataDir = await newDataDir()
    const server = startServer(dataDir)
    const url = await server.ready()
    expect(await readiness(url)).toMatchObject({ status: 200, body: { status: 'ready' } })
    const admin = await createConnection(
      driverOptions({ socketPath: layoutOf(dataDir).socket, user: administrator, database: 'mysql' }),
    )
    onTestFinished(() => admin.end())
    await admin.query('SET GLOBAL read_only = 1')
    await expect
      .poll(() => readiness(url))
      .toMatchObject({
        status: 503,
        body: { error: { code: 'unavailable', message: 'The database accepts no writes.' } },
      })
    const leaseAgeMs = (await readiness(url)).body.error?.details?.leaseAgeMs
    expect(leaseAgeMs).toBeGreaterThan(serverLimits.staleLeaseMs)
    expect(leaseAgeMs).toBeLessThan(serverLimits.staleLeaseMs + 5_000)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^kefu_lease_age_seconds\{[^}]*\} [5-9]/m)
    await admin.query('SET GLOBAL read_only = 0')
    await expect.poll(() => readiness(url)).toMatchObject({ status: 200 })
    expect((await readiness(url)).body.leaseAgeMs).toBeLessThan(serverLimits.staleLeaseMs)
  })

  it('[HT24g] O11 reports an uploads folder that cannot be written, and a start with one is refused', async () => {
    const dataDir = await newDataDir()
    const first = startServer(dataDir)
    const url = await first.ready()
    expect((await readiness(url)).body.uploads).toBeUndefined()
    const folder = join(dataDir, 'uploads')
    const block = async () => {
      await rm(folder, { recursive: true })
      await writeFile(folder, 'a file, so that nothing can be stored in it')
    }
    await block()
    await expect.poll(() => readiness(url)).toMatchObject({ status: 200, body: { uploads: 'not writable' } })
    const line = `Uploads cannot be stored: ${folder} cannot be written (ENOTDIR).`
    await expect.poll(first.output).toContain(line)
    await rm(folder)
    await expect.poll(async () => (await readiness(url)).body.uploads).toBeUndefined()
    await expect.poll(first.output).toContain('uploads folder writable again')
    first.kill('SIGTERM')
    await first.exited
    await block()
    const second = await startServer(dataDir).exited
    expect(second).toMatchObject({
      code: 1,
      stderr: `${line} Make it writable for the user that runs Kefu.\n`,
    })
  })

  it('[HT45] O8 names the node in each line of the log, in workers too', async () => {
    const dataDir = await newDataDir()
    const server = startServer(dataDir, { NODE_ID: 'kefu-7', WORKERS: '2' })
    await server.ready()
    server.kill('SIGTERM')
    const { stdout } = await server.exited
    const lines = stdout.trim().split('\n')
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.filter((line) => JSON.parse(line).node !== 'kefu-7')).toEqual([])
    expect(lines.some((line) => JSON.parse(line).worker === 2)).toBe(true)
  })
})
