// Shared by all commands: settings, database and exit code.

import { connectDatabase, type DatabaseAddress } from '#db/core/connect.ts'
import type { Database } from '#db/core/database.ts'
import { DatabaseUnavailable, errnoOf } from '#db/core/errors.ts'
import { explainConnectError } from '#db/core/explain-connect-error.ts'
import { lockDataDirectory, tryLock } from '#db/embedded/data-directory.ts'
import { startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { runningDatabase } from '#db/embedded/running-database.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { type Config, loadConfig } from '../process/config.ts'

/** Runs a command and sets the exit code: 1 with one line for an error that a person can fix. */
export async function runCommand(command: (config: Config, args: string[]) => Promise<void>): Promise<void> {
  try {
    await command(loadConfig(), process.argv.slice(2))
  } catch (error) {
    if (errnoOf(error) === unknownTable) console.error('This database has no Kefu tables yet: start Kefu first.')
    else {
      const explained = explainConnectError(error)
      console.error(isExpected(explained) ? explained.message : explained)
    }
    process.exitCode = 1
  }
}

const unknownTable = 1146

const isExpected = (error: unknown): error is Error =>
  error instanceof StartError || error instanceof DatabaseUnavailable

/** Uses DATABASE_URL's server, the running Kefu's database, or the embedded one, which it starts for the work. */
export async function withAddress<T>(config: Config, work: (address: DatabaseAddress) => Promise<T>): Promise<T> {
  if (config.databaseUrl !== null) return work({ url: config.databaseUrl })
  if (!tryLock(config.dataDir)) return work(runningDatabase(config.dataDir))
  return withEmbedded(config, work)
}

/** Like withAddress, but only while no Kefu runs on this DATA_DIR. */
export async function withExclusiveAddress<T>(
  config: Config,
  work: (address: DatabaseAddress) => Promise<T>,
): Promise<T> {
  lockDataDirectory(config.dataDir)
  return config.databaseUrl === null ? withEmbedded(config, work) : work({ url: config.databaseUrl })
}

export async function withDatabase<T>(config: Config, work: (db: Database) => Promise<T>): Promise<T> {
  return withAddress(config, async (address) => {
    const db = connectDatabase(address, { connections: 2 })
    try {
      return await work(db)
    } finally {
      await db.destroy()
    }
  })
}

async function withEmbedded<T>(config: Config, work: (address: DatabaseAddress) => Promise<T>): Promise<T> {
  const embedded = await startEmbeddedDatabase({
    dataDir: config.dataDir,
    bufferPool: config.dbBufferPool,
    log: console.error,
  })
  try {
    return await work({ socketPath: embedded.socketPath, user: embedded.user, database: embedded.database })
  } finally {
    await embedded.stop()
  }
}
