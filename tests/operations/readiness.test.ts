// /readyz says whether a process can work: whether the database accepts its writes, and the disk its uploads.

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
})
