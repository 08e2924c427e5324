// Where the Unix sockets of a folder stand: in it, or, where its path is too long for one, in a folder under /tmp. The same at every start.

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

/** Operating systems allow 103 to 107 bytes. */
const longestSocketPath = 100

/** Sockets in it have names of at most six characters. */
export function socketFolderOf(folder: string): string {
  if (Buffer.byteLength(join(folder, 'socket')) < longestSocketPath) return folder
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return `/tmp/kefu-${process.getuid?.()}-${name}`
}

/** Only this user may enter it: whoever reaches a socket is believed. */
export function createSocketFolder(socketFolder: string): void {
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 })
  const found = lstatSync(socketFolder)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new StartError(`${socketFolder} is not a private folder of this user: remove it, or set a shorter DATA_DIR.`)
  }
}
