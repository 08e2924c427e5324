// The data directory lock: one process per DATA_DIR. It is SQLite's lock on the file `lock`, the only portable file
// lock that Node ships. The kernel releases it however the process dies.

import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from './start-error.ts'

const locks = new Map<string, DatabaseSync>()

/** Creates the directory if needed and locks it; throws a StartError if another process holds the lock. */
export function lockDataDirectory(dataDir: string): void {
  if (!tryLock(dataDir))
    throw new StartError(`Another Kefu process is using ${resolve(dataDir)}: stop it, or set another DATA_DIR.`)
}

/** Returns false if another process holds the lock. */
export function tryLock(dataDir: string): boolean {
  const directory = resolve(dataDir)
  if (locks.has(directory)) return true
  createDirectory(directory)
  const lock = new DatabaseSync(join(directory, 'lock'))
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return false
    throw error
  }
  locks.set(directory, lock)
  return true
}

/** Guards functions that write to the data directory. */
export function assertLocked(dataDir: string): void {
  if (!locks.has(resolve(dataDir))) throw new Error('the data directory is not locked: call lockDataDirectory first')
}

/** For tests and commands that continue; the kernel releases the lock when a process exits. */
export function unlockDataDirectory(dataDir: string): void {
  locks.get(resolve(dataDir))?.close()
  locks.delete(resolve(dataDir))
}

const sqliteBusy = 5

function createDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartError(`Cannot create DATA_DIR: ${error instanceof Error ? error.message : error}`)
  }
}
