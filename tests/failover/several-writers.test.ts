// Kefu writes to one node of a Galera cluster. Needs Debian's packages galera-4 and mariadb-server; runs in npm run
// test:long.

import { type AddressInfo, connect, createServer } from 'node:net'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import { executeInOneRoundTrip } from '#db/core/transaction.ts'
import { selectLiveNodes } from '#db/queries/nodes.ts'
import { severalWriters } from '#db/schema/check-writers.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { startRelay } from '../support/relay.ts'
import { isLongRun } from '../support/scale.ts'
import { newDataDir, startServer } from '../support/server-process.ts'
import { findGalera, type GaleraCluster, startGalera } from './galera.ts'

describe.skipIf(!isLongRun || findGalera() === undefined)('a Galera cluster of two', () => {
  let cluster: GaleraCluster
  let urls: [string, string]
  beforeAll(async () => {
    cluster = await startGalera(2)
    urls = cluster.nodes.map(({ url }) => url) as [string, string]
  })
  afterAll(() => cluster?.stop())
  beforeEach(async () => {
    const connection = await createConnection(urls[0])
    await connection.query('DROP DATABASE IF EXISTS kefu')
    await connection.query('CREATE DATABASE kefu CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci')
    await connection.end()
  })

  const httpOf = (url: string) => `http://${new URL(url).host}`
  const behind = ({ url }: { url: string }) => `mysql://root@${new URL(url).host}/kefu`
  const start = async (databaseUrl: string) =>
    startServer(await newDataDir(), { DATABASE_URL: databaseUrl, JWT_SECRET: 'x'.repeat(40) })
  const readiness = async (url: string) => {
    const response = await fetch(`${url}/readyz`)
    const { error } = (await response.json()) as { error?: { message: string } }
    return [response.status, error?.message]
  }

  it('[GA1] O3 is refused at the start if one address leads to both nodes', async () => {
    const relay = await startRelay(...urls.map(httpOf))
    const server = await start(behind(relay))
    const { code, stderr } = await server.exited
    relay.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`^${severalWriters}\\. [^\\n]+\\n$`))
  })

  it('[GA1] O3 is refused at the start if another Kefu writes to the other node', async () => {
    const first = await start(urls[0])
    await first.ready()
    const second = await start(urls[1])
    const { code, stderr } = await second.exited
    expect(code).toBe(1)
    expect(stderr).toContain(severalWriters)
    const third = await start(urls[0])
    await third.ready()
    first.kill('SIGKILL')
    third.kill('SIGKILL')
    await Promise.all([first.exited, third.exited])
    // Their leases lapse as after a failover.
    await (await start(urls[1])).ready()
  })

  it('[GA2] O3 makes a running Kefu unready, until it writes to one node again', async () => {
    const relay = await startRelay(httpOf(urls[0]))
    const server = await start(behind(relay))
    const url = await server.ready()
    relay.redirect(httpOf(urls[1]))
    relay.cut()
    relay.restore()
    // A failover is no reason.
    const deadline = performance.now() + 15_000
    const seen = new Set<string>()
    while (performance.now() < deadline) {
      seen.add(String((await readiness(url))[1]))
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    expect([...seen]).not.toContain(`${severalWriters}.`)
    relay.redirect(httpOf(urls[0]))
    // Now one connection leads here, one there.
    for (let turn = 0; turn < 12 && (await readiness(url))[1] !== `${severalWriters}.`; turn++) {
      relay.redirect(httpOf(urls[turn % 2 === 0 ? 0 : 1]))
      relay.cut()
      relay.restore()
      await new Promise((resolve) => setTimeout(resolve, 2_500))
    }
    expect(await readiness(url)).toEqual([503, `${severalWriters}.`])
    expect(server.output()).toContain(severalWriters)
    await expect.poll(() => readiness(url), { timeout: 40_000 }).toEqual([200, undefined])
    relay.close()
  })

  it('[GA3] O3 gets each statement in a packet of its own', async () => {
    const texts: string[] = []
    const relay = createServer((near) => {
      const far = connect(Number(new URL(urls[0]).port), '127.0.0.1')
      near.on('data', (bytes) => texts.push(bytes.toString('latin1')))
      near
        .on('error', () => {})
        .pipe(far.on('error', () => {}))
        .pipe(near)
    })
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
    const { port } = relay.address() as AddressInfo
    const url = `mysql://root@127.0.0.1:${port}/kefu`
    await prepareDatabase({ url })
    const db = connectDatabase({ url })
    await selectLiveNodes(db)
    await db
      .transaction()
      .execute((trx) => trx.insertInto('agent_status').values({ agent_id: 1 }).execute())
      .catch(() => {})
    const compiled = db.selectFrom('users').select('id').compile()
    expect(await executeInOneRoundTrip(db, [compiled, compiled])).toEqual([[], []])
    await db.destroy()
    relay.close()
    expect(texts.some((text) => text.includes('begin'))).toBe(true)
    expect(texts.filter((text) => /begin;|;commit/.test(text))).toEqual([])
  })
})
