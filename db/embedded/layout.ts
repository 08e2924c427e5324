// Where the embedded database keeps its things: all of it in DATA_DIR/database, the socket too where the path is short enough.

import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createSocketFolder, socketFolderOf } from './socket-folder.ts'

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
  /** SQL that the server runs at each start. */
  initStatements: string
  /** Always empty: the one folder whose files SQL could read and write. */
  sqlFiles: string
  output: string
  /** The version of the server that opened the files last. */
  version: string
}

export function layoutOf(dataDir: string): Layout {
  const folder = resolve(dataDir, 'database')
  return {
    folder,
    files: join(folder, 'files'),
    unfinished: join(folder, 'files.new'),
    temporary: join(folder, 'tmp'),
    socket: join(socketFolderOf(folder), 'socket'),
    pid: join(folder, 'pid'),
    initStatements: join(folder, 'first-statements.sql'),
    sqlFiles: join(folder, 'no-files'),
    output: join(folder, 'output.log'),
    version: join(folder, 'version'),
  }
}

/** Only this user may enter either folder: whoever reaches the socket is the database's root. */
export function createFolders(layout: Layout): void {
  mkdirSync(layout.temporary, { recursive: true, mode: 0o700 })
  mkdirSync(layout.sqlFiles, { recursive: true, mode: 0o500 })
  const socketFolder = dirname(layout.socket)
  if (socketFolder !== layout.folder) createSocketFolder(socketFolder)
}

/** What stands outside of DATA_DIR goes when the server has ended. */
export function removeSocketFolder(layout: Layout): void {
  const socketFolder = dirname(layout.socket)
  if (socketFolder !== layout.folder) rmSync(socketFolder, { recursive: true, force: true })
}
