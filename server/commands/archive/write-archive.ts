// Writes a backup. The file gets its name once it is complete.

import { createHmac } from 'node:crypto'
import { constants, createWriteStream, existsSync } from 'node:fs'
import { type FileHandle, mkdir, open as openFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { DatabaseEntry } from '#db/backup/backup.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { type ArchiveEntry, currentFormat, storedPath, trailerOf } from './archive-format.ts'

/** The database comes first, so that every attachment it references is in the files that follow. */
export async function writeArchive(
  file: string,
  { database, uploads, key }: { database: AsyncIterable<DatabaseEntry>; uploads: string; key: Buffer },
): Promise<void> {
  async function* lines() {
    yield line({ kind: 'kefu-backup', format: currentFormat, createdAt: new Date().toISOString() })
    for await (const entry of database) yield line(entry)
    for await (const entry of readFiles(uploads)) yield line(entry)
    yield line({ kind: 'end' })
  }
  if (existsSync(file)) throw new StartError(`${file} already exists.`)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.unfinished`
  try {
    const output = createWriteStream(unfinished, { mode: 0o600, flush: true })
    await pipeline(Readable.from(lines()), createGzip(), signed(key), output)
    await rename(unfinished, file)
  } finally {
    await rm(unfinished, { force: true })
  }
}

const line = (entry: ArchiveEntry) => `${JSON.stringify(entry)}\n`

/** Appends the trailer to the stream. */
function signed(key: Buffer): Transform {
  const hmac = createHmac('sha256', key)
  return new Transform({
    transform(bytes, _, done) {
      hmac.update(bytes)
      done(null, bytes)
    },
    flush(done) {
      done(null, trailerOf(hmac.digest()))
    },
  })
}

/** Stored attachments only, no links or other files. */
async function* readFiles(folder: string): AsyncGenerator<ArchiveEntry> {
  if (!existsSync(folder)) return
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const absolute = join(found.parentPath, found.name)
    const path = relative(folder, absolute)
    if (!found.isFile() || !storedPath.test(path)) continue
    // An orphaned upload may be removed meanwhile.
    const file = await openIfExists(absolute)
    if (file === null) continue
    const { size } = await file.stat()
    yield { kind: 'file', path, size }
    let read = 0
    for await (const bytes of file.createReadStream()) {
      read += bytes.length
      yield { kind: 'bytes', base64: bytes.toString('base64') }
    }
    if (read !== size) throw new StartError(`${absolute} changed while it was read. Back up again.`)
  }
}

async function openIfExists(path: string): Promise<FileHandle | null> {
  try {
    return await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (existsSync(path)) throw error
    return null
  }
}
