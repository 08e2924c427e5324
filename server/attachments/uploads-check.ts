// Checks that the uploads folder can be written, by writing: a mount may be missing, full, read-only or somebody
// else's.

import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { stagedFolder } from './attachments.ts'

/** Why the folder cannot be written, as one line; null if it can. */
export async function findUploadsProblem(folder: string): Promise<string | null> {
  const timeout = new AbortController()
  try {
    // A network file system may hang.
    const late = sleep(serverLimits.uploadsCheckMs, 'no answer', { ref: false, signal: timeout.signal })
    const code = await Promise.race([writeProbe(join(folder, stagedFolder)), late])
    return code === null ? null : `Uploads cannot be stored: ${folder} cannot be written (${code}).`
  } finally {
    timeout.abort()
  }
}

/** The code of the error; null if all went well. */
async function writeProbe(folder: string): Promise<string | null> {
  const file = join(folder, `check-${randomBytes(8).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(file, '', { flag: 'wx', mode: 0o600 })
    await rm(file)
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  }
}
