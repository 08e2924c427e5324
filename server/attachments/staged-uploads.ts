// Stages uploads while they arrive, each in its own file, which is removed unless the store takes it. Their total size
// is bounded.

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
  /** The inspector's output for an image. */
  outputPath: string
  thumbnailPath: string
  /** Removes all three files. */
  discard(): Promise<void>
}

export interface StagedUploads {
  /**
   * Throws unavailable if the disk is full, overloaded if too much is staged, too_large, or invalid_request if the body
   * breaks off; then nothing of it is left.
   */
  receive(content: AsyncIterable<Buffer>): Promise<StagedUpload>
  /** Bytes staged by this process. */
  bytes(): number
  /** Removes files of killed processes. */
  sweep(): Promise<void>
}

export function createStagedUploads(folder: string, maxBytes = budgets.stagedBytes.bytes as number): StagedUploads {
  let totalBytes = 0

  async function* counted(content: AsyncIterable<Buffer>, file: { size: number }): AsyncGenerator<Buffer> {
    let untilCheck = serverLimits.diskCheckBytes
    for await (const piece of content) {
      file.size += piece.length
      totalBytes += piece.length
      untilCheck -= piece.length
      if (file.size > limits.attachmentBytes) throw tooLarge()
      if (totalBytes > maxBytes) throw new AppError('overloaded', 'Too many uploads are in progress. Try again.')
      if (untilCheck < 0) {
        untilCheck = serverLimits.diskCheckBytes
        await assertRoom(folder)
      }
      yield piece
    }
  }

  return {
    bytes: () => totalBytes,
    async receive(content) {
      const path = join(folder, randomBytes(16).toString('hex'))
      const file = { path, size: 0, outputPath: `${path}.made`, thumbnailPath: `${path}.thumbnail` }
      let isDiscarded = false
      const discard = async () => {
        for (const each of [path, file.outputPath, file.thumbnailPath]) await rm(each, { force: true })
        if (!isDiscarded) totalBytes -= file.size
        isDiscarded = true
      }
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await assertRoom(folder)
        // Opened first: a later open would recreate the file after discard.
        const handle = await open(path, 'wx', 0o600)
        await pipeline(content, (bytes) => counted(bytes, file), handle.createWriteStream())
      } catch (error) {
        await discard()
        throw toAppError(error)
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
    throw new AppError('unavailable', 'The disk is full. Try again later.')
}

/** Whether the folder's disk has this many free bytes. */
export async function hasRoom(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize >= bytes
}

export const tooLarge = () =>
  new AppError('too_large', `Use an attachment of at most ${limits.attachmentBytes} bytes.`, {
    limit: limits.attachmentBytes,
  })

/** A full disk is unavailable, other disk errors are internal; the rest is the sender's fault. */
function toAppError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('unavailable', 'The disk is full. Try again later.')
  const isDiskError = error instanceof Error && 'syscall' in error && code !== 'ECONNRESET'
  return isDiskError ? error : new AppError('invalid_request', 'The upload was interrupted or malformed.')
}
