// Paths of the embedded database: all in DATA_DIR/database, including the socket if its path is short enough.

import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createSocketFolder, socketFolderOf } from './socket-folder.ts'

export interface Layout {
  folder: string
  /** MariaDB's own files. */
  files: string
  /** Files are created here and renamed when complete. */
  unfinished: string
  /** Temporary tables. A server empties this at its start, so it must not be a shared directory such as /tmp. */
  temporary: string
  socket: string
  pid: string
  /** SQL that the server executes at each start. */
  initStatements: string
  /** Always empty: the only directory whose files SQL could read or write. */
  sqlFiles: string
  output: string
  /** The version of the server that last opened the files. */
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

/** Both directories are private to this user: anyone who can open the socket is the database's root. */
export function createFolders(layout: Layout): void {
  mkdirSync(layout.temporary, { recursive: true, mode: 0o700 })
  mkdirSync(layout.sqlFiles, { recursive: true, mode: 0o500 })
  const socketFolder = dirname(layout.socket)
  if (socketFolder !== layout.folder) createSocketFolder(socketFolder)
}

/** Removes the socket directory if it is outside DATA_DIR. */
export function removeSocketFolder(layout: Layout): void {
  const socketFolder = dirname(layout.socket)
  if (socketFolder !== layout.folder) rmSync(socketFolder, { recursive: true, force: true })
}
