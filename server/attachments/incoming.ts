// Uploads as they come in: each in a file of its own that nothing else knows, gone again whatever happens, unless the store takes it over.

import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { limits } from '#protocol/limits.ts'
import { AppError } from '../errors.ts'

export interface IncomingFile {
  path: string
  /** Bytes. */
  size: number
  /** What the examiner makes of a picture. */
  madePath: string
  thumbnailPath: string
  /** Removes what is left of all three. */
  discard(): Promise<void>
}

export interface Incoming {
  /** Throws unavailable where the disk is full, too_large while it comes, invalid_request where it breaks off; then nothing of it is left. */
  receive(content: AsyncIterable<Buffer>): Promise<IncomingFile>
  /** Removes what a killed process has left behind. */
  sweep(): Promise<void>
}

export function createIncoming(folder: string): Incoming {
  return {
    async receive(content) {
      const path = join(folder, randomBytes(16).toString('hex'))
      const file = { path, size: 0, madePath: `${path}.made`, thumbnailPath: `${path}.thumbnail` }
      const discard = async () => {
        for (const each of [path, file.madePath, file.thumbnailPath]) await rm(each, { force: true })
      }
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        if (!(await hasRoom(folder, limits.freeDiskBytes)))
          throw new AppError('unavailable', 'There is no room for files.')
        // Open before anything can fail: opened later, it would be there again after it was discarded.
        const handle = await open(path, 'wx', 0o600)
        await pipeline(content, (bytes) => counted(bytes, file), handle.createWriteStream())
      } catch (error) {
        await discard()
        throw asRefusal(error)
      }
      return { ...file, discard }
    },
    async sweep() {
      for (const name of await readdir(folder).catch(() => [])) {
        const path = join(folder, name)
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
        if (Date.now() - mtimeMs > limits.cutUploadMs) await rm(path, { force: true })
      }
    },
  }
}

/** Whether this many bytes would fit on the folder's disk. */
export async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize >= bytes
}

async function* counted(bytes: AsyncIterable<Buffer>, file: { size: number }): AsyncGenerator<Buffer> {
  for await (const piece of bytes) {
    file.size += piece.length
    if (file.size > limits.attachmentBytes) throw tooLarge()
    yield piece
  }
}

export const tooLarge = () =>
  new AppError('too_large', `An attachment may be ${limits.attachmentBytes} bytes.`, { limit: limits.attachmentBytes })

/** The disk's troubles are ours; everything else is the sender's. */
function asRefusal(error: unknown): unknown {
  const isOurs = error instanceof Error && 'syscall' in error && !('code' in error && error.code === 'ECONNRESET')
  if (error instanceof AppError || isOurs) return error
  return new AppError('invalid_request', 'The upload broke off or is not what it says.')
}
