// A shop with years behind it: its folder filled (or kept from an earlier run), Kefu running on it, its busiest agent connected.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connectDatabase } from '#db/core/connect.ts'
import type { Database } from '#db/core/database.ts'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { layoutOf } from '#db/embedded/layout.ts'
import { runningDatabase } from '#db/embedded/running-database.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { logInAs } from './accounts.ts'
import { type LoadConnection, openConnection } from './load/connection.ts'
import { type SeedSize, seedDatabase } from './seed.ts'
import { newDataDir, startKefu } from './servers.ts'

/** What a shop has on its hands does not depend on what is behind it. */
export const sizeOf = (conversations: number): SeedSize => ({
  conversations,
  present: 2_000,
  agents: 40,
  longEvery: 5_000,
  longLength: 5_000,
})
export const busiestAgent = 1

const bufferPool = 2 ** 30

export interface SeededKefu {
  size: SeedSize
  /** Null where an earlier run had filled it. */
  seedSeconds: number | null
  db: Database
  agent: LoadConnection
  stop(): Promise<void>
}

/** Nothing is in memory yet when it resolves. With `keep`, a folder, it stays there for later runs. */
export async function startSeededKefu(conversations: number, keep: string | null): Promise<SeededKefu> {
  const size = sizeOf(conversations)
  const dataDir = keep === null ? await newDataDir() : join(keep, String(conversations))
  const seedSeconds = await seedFolder(dataDir, size)
  // What was in memory at the last stop would be read in again.
  rmSync(join(layoutOf(dataDir).files, 'ib_buffer_pool'), { force: true })
  const kefu = await startKefu({ dataDir, bufferPool: `${bufferPool / 2 ** 20}M` })
  const token = await logInAs(kefu, busiestAgent, `agent${busiestAgent}`)
  const listener = { acknowledged() {}, event() {}, ended() {} }
  const agent = await openConnection(kefu.url, { auth: { token }, requests: [] }, listener)
  const db = connectDatabase(runningDatabase(dataDir))
  return {
    size,
    seedSeconds,
    db,
    agent,
    async stop() {
      agent.close()
      await db.destroy()
      await kefu.stop()
      if (keep === null) await rm(dataDir, { recursive: true })
    },
  }
}

async function seedFolder(dataDir: string, size: SeedSize): Promise<number | null> {
  const mark = join(dataDir, 'filled.json')
  const wanted = JSON.stringify(size)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return null
  rmSync(dataDir, { recursive: true, force: true })
  mkdirSync(dataDir, { recursive: true })
  lockDataDirectory(dataDir)
  const database = await startEmbeddedDatabase({ dataDir, bufferPool, log: () => {} })
  await prepareDatabase(database)
  const startedAt = performance.now()
  await seedDatabase(database, size)
  const seconds = (performance.now() - startedAt) / 1000
  await database.stop()
  unlockDataDirectory(dataDir)
  writeFileSync(mark, wanted)
  return seconds
}
