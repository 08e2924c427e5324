// A start waits for a database that is away or read-only, and ends with one line when it does not come.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { driverOptions } from '#db/core/connect.ts'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { administrator } from '#db/embedded/server-options.ts'
import { newDataDir, startServer, until } from '../support/server-process.ts'

/** A private server that can be started and stopped; `url` stays the same. */
async function newDatabaseServer() {
  const folder = await mkdtemp(join(tmpdir(), 'kefu-away-'))
  lockDataDirectory(folder)
  const start = () => startEmbeddedDatabase({ dataDir: folder, bufferPool: 32 * 2 ** 20, log: () => {} })
  let running: EmbeddedDatabase | null = await start()
  const { user, socketPath, database } = running
  const stop = async () => {
    await running?.stop()
    running = null
  }
  onTestFinished(async () => {
    await stop()
    unlockDataDirectory(folder)
    await rm(folder, { recursive: true })
  })
  return {
    url: `mysql://${user}@localhost/${database}?socketPath=${encodeURIComponent(socketPath)}`,
    stop,
    async start() {
      running = await start()
    },
    async setReadOnly(value: 0 | 1) {
      const admin = await createConnection(driverOptions({ socketPath, user: administrator, database }))
      await admin.query(`SET GLOBAL read_only = ${value}`)
      await admin.end()
    },
  }
}

const waitingLines = (output: string) => output.split('\n').filter((line) => line.includes('waiting for the database'))

test('[DB48] [O7] a start without a database waits with one line, and serves when the database comes', async () => {
  const database = await newDatabaseServer()
  await database.stop()
  const server = startServer(await newDataDir(), { DATABASE_URL: database.url })
  await until(() => waitingLines(server.output()).length > 0)
  // Several more tries fail within the interval of the lines.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(waitingLines(server.output())).toHaveLength(1)
  await database.start()
  const url = await server.ready()
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  server.kill('SIGTERM')
  expect((await server.exited).code).toBe(0)
})

test('[DB48] [O7] a start on a read-only database waits until it can write', async () => {
  const database = await newDatabaseServer()
  await database.setReadOnly(1)
  const server = startServer(await newDataDir(), { DATABASE_URL: database.url })
  await until(() => waitingLines(server.output()).length > 0)
  expect(waitingLines(server.output())[0]).toContain('has read_only = ON, so nothing can be written.')
  await database.setReadOnly(0)
  await server.ready()
})

test.each([
  ['a port without a server', 'mysql://kefu@127.0.0.1:9/kefu', /ECONNREFUSED/],
  ['a host that does not exist', 'mysql://kefu@no-such-host.invalid/kefu', /ENOTFOUND|EAI_AGAIN/],
])('[DB48] [O7] a start ends with one line and exit code 1 after DATABASE_WAIT: %s', async (_, url, reason) => {
  const { code, stderr } = await startServer(await newDataDir(), { DATABASE_URL: url, DATABASE_WAIT: '1' }).exited
  expect(code).toBe(1)
  expect(stderr).toMatch(/^The database was not available within 1 s: cannot reach the database: [^\n]+\n$/)
  expect(stderr).toMatch(reason)
})

test('[DB48] [O7] a start that waits ends on SIGTERM', async () => {
  const server = startServer(await newDataDir(), { DATABASE_URL: 'mysql://kefu@127.0.0.1:9/kefu' })
  await until(() => waitingLines(server.output()).length > 0)
  server.kill('SIGTERM')
  expect((await server.exited).code).toBe(0)
})
