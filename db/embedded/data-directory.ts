// DATA_DIR belongs to one process at a time: it holds SQLite's lock on the file `lock` for as long as it lives. That is the one
// portable file lock that Node ships, and the kernel lets go of it however the process dies.

import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from './start-error.ts'

const held = new Map<string, DatabaseSync>()

/** Makes the folder where it is missing and keeps every other process out; throws a StartError when one is in it already. */
export function lockDataDirectory(dataDir: string): void {
  if (!tryLock(dataDir))
    throw new StartError(`Another Kefu process is using ${resolve(dataDir)}: stop it, or set another DATA_DIR.`)
}

/** False when another process has the folder. */
export function tryLock(dataDir: string): boolean {
  const folder = resolve(dataDir)
  if (held.has(folder)) return true
  makeFolder(folder)
  const lock = new DatabaseSync(join(folder, 'lock'))
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return false
    throw error
  }
  held.set(folder, lock)
  return true
}

/** What works on the folder asks this first, so that nothing does by accident. */
export function assertLocked(dataDir: string): void {
  if (!held.has(resolve(dataDir))) throw new Error('the data folder is not held: call lockDataDirectory first')
}

/** For tests and commands that go on; a process that ends lets go by itself. */
export function unlockDataDirectory(dataDir: string): void {
  held.get(resolve(dataDir))?.close()
  held.delete(resolve(dataDir))
}

const sqliteBusy = 5

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartError(`DATA_DIR cannot be made: ${error instanceof Error ? error.message : error}`)
  }
}
