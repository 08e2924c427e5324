// Paths of the embedded database: all in DATA_DIR/database, including the socket if its path is short enough.

import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createSocketDirectory, socketDirectoryOf } from './socket-directory.ts'

export interface Layout {
  directory: string
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
  const directory = resolve(dataDir, 'database')
  return {
    directory,
    files: join(directory, 'files'),
    unfinished: join(directory, 'files.new'),
    temporary: join(directory, 'tmp'),
    socket: join(socketDirectoryOf(directory), 'socket'),
    pid: join(directory, 'pid'),
    initStatements: join(directory, 'first-statements.sql'),
    sqlFiles: join(directory, 'no-files'),
    output: join(directory, 'output.log'),
    version: join(directory, 'version'),
  }
}

/** Both directories are private to this user: anyone who can open the socket is the database's root. */
export function createDirectories(layout: Layout): void {
  mkdirSync(layout.temporary, { recursive: true, mode: 0o700 })
  mkdirSync(layout.sqlFiles, { recursive: true, mode: 0o500 })
  const socketDirectory = dirname(layout.socket)
  if (socketDirectory !== layout.directory) createSocketDirectory(socketDirectory)
}

/** Removes the socket directory if it is outside DATA_DIR. */
export function removeSocketDirectory(layout: Layout): void {
  const socketDirectory = dirname(layout.socket)
  if (socketDirectory !== layout.directory) rmSync(socketDirectory, { recursive: true, force: true })
}
