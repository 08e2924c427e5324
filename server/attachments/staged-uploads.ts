// Uploads as they come in: each staged in a file of its own that nothing else knows, removed whatever happens, unless the store takes it
// over. All of them together are bounded.

import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../budgets/budgets.ts'
import { AppError } from '../shared/errors.ts'

export interface StagedUpload {
  path: string
  /** Bytes. */
  size: number
  /** What the inspector makes of an image. */
  outputPath: string
  thumbnailPath: string
  /** Removes what is left of all three. */
  discard(): Promise<void>
}

export interface StagedUploads {
  /**
   * Throws unavailable where the disk is full, overloaded where too much is staged, too_large while it comes, invalid_request where it breaks
   * off; then nothing of it is left.
   */
  receive(content: AsyncIterable<Buffer>): Promise<StagedUpload>
  /** Bytes that are staged by this process. */
  bytes(): number
  /** Removes what a killed process has left behind. */
  sweep(): Promise<void>
}

export function createStagedUploads(folder: string, most = budgets.stagedBytes.bytes as number): StagedUploads {
  let bytesInAll = 0

  async function* counted(content: AsyncIterable<Buffer>, file: { size: number }): AsyncGenerator<Buffer> {
    let untilCheck = serverLimits.diskCheckBytes
    for await (const piece of content) {
      file.size += piece.length
      bytesInAll += piece.length
      untilCheck -= piece.length
      if (file.size > limits.attachmentBytes) throw tooLarge()
      if (bytesInAll > most) throw new AppError('overloaded', 'Too many uploads at the same time.')
      if (untilCheck < 0) {
        untilCheck = serverLimits.diskCheckBytes
        await assertRoom(folder)
      }
      yield piece
    }
  }

  return {
    bytes: () => bytesInAll,
    async receive(content) {
      const path = join(folder, randomBytes(16).toString('hex'))
      const file = { path, size: 0, outputPath: `${path}.made`, thumbnailPath: `${path}.thumbnail` }
      let isDiscarded = false
      const discard = async () => {
        for (const each of [path, file.outputPath, file.thumbnailPath]) await rm(each, { force: true })
        if (!isDiscarded) bytesInAll -= file.size
        isDiscarded = true
      }
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await assertRoom(folder)
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
        if (Date.now() - mtimeMs > serverLimits.abortedUploadMs) await rm(path, { force: true })
      }
    },
  }
}

async function assertRoom(folder: string): Promise<void> {
  if (!(await hasRoom(folder, serverLimits.freeDiskBytes)))
    throw new AppError('unavailable', 'There is no room for files.')
}

/** Whether this many bytes would fit on the folder's disk. */
export async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize >= bytes
}

export const tooLarge = () =>
  new AppError('too_large', `An attachment may be ${limits.attachmentBytes} bytes.`, { limit: limits.attachmentBytes })

/** A full disk is unavailable, its other troubles are ours; everything else is the sender's. */
function asRefusal(error: unknown): unknown {
  if (error instanceof AppError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('unavailable', 'There is no room for files.')
  const isOurs = error instanceof Error && 'syscall' in error && code !== 'ECONNRESET'
  return isOurs ? error : new AppError('invalid_request', 'The upload broke off or is not what it says.')
}
