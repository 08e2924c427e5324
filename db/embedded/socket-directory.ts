// The directory for a directory's Unix sockets: itself, or one under /tmp if its path is too long. The same at every
// start.

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

/** Operating systems allow 103 to 107 bytes. */
const maxSocketPath = 100

/** Assumes socket names of at most six characters. */
export function socketDirectoryOf(directory: string): string {
  if (Buffer.byteLength(join(directory, 'socket')) < maxSocketPath) return directory
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return `/tmp/kefu-${process.getuid?.()}-${name}`
}

/** Private to this user: anyone who can open a socket is trusted. */
export function createSocketDirectory(socketDirectory: string): void {
  mkdirSync(socketDirectory, { recursive: true, mode: 0o700 })
  const found = lstatSync(socketDirectory)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new StartError(
      `${socketDirectory} is not a private directory of this user: remove it, or set a shorter DATA_DIR.`,
    )
  }
}
