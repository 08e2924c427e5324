// Where the embedded database keeps its things: all of it in DATA_DIR/database, the socket too where the path is short enough.

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { StartError } from './start-error.ts'

export interface Layout {
  folder: string
  /** MariaDB's own files. */
  files: string
  /** They are made here and moved when whole. */
  unfinished: string
  /** Temporary tables. A server empties this at its start, so it must not be shared with other servers as /tmp would be. */
  temporary: string
  socket: string
  pid: string
  output: string
  /** The version of the server that opened the files last. */
  version: string
}

/** Operating systems allow 103 to 107 bytes. */
const longestSocketPath = 100

export function layoutOf(dataDir: string): Layout {
  const folder = resolve(dataDir, 'database')
  return {
    folder,
    files: join(folder, 'files'),
    unfinished: join(folder, 'files.new'),
    temporary: join(folder, 'tmp'),
    socket: socketPath(folder),
    pid: join(folder, 'pid'),
    output: join(folder, 'output.log'),
    version: join(folder, 'version'),
  }
}

/** Only this user may enter either folder: whoever reaches the socket is the database's root. */
export function makeFolders(layout: Layout): void {
  mkdirSync(layout.temporary, { recursive: true, mode: 0o700 })
  const socketFolder = resolve(layout.socket, '..')
  if (socketFolder === layout.folder) return
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 })
  const found = lstatSync(socketFolder)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new StartError(`${socketFolder} is not a private folder of this user: remove it, or set a shorter DATA_DIR.`)
  }
}

/** What stands outside of DATA_DIR goes when the server has ended. */
export function removeSocketFolder(layout: Layout): void {
  const socketFolder = resolve(layout.socket, '..')
  if (socketFolder !== layout.folder) rmSync(socketFolder, { recursive: true, force: true })
}

/** The same path at every start: a backup finds the running server by it. */
function socketPath(folder: string): string {
  const inside = join(folder, 'socket')
  if (Buffer.byteLength(inside) < longestSocketPath) return inside
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return `/tmp/kefu-${process.getuid?.()}-${name}/socket`
}
