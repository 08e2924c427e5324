// The file that a backup is: gzip of one JSON entry a line, the database's first, then each uploaded file in pieces, then an end.
// It has its name only when it is whole, and is read through to its end before a restore touches anything.

import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { type FileHandle, mkdir, open as openFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { pipeline as pipe, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { DatabaseEntry } from '#db/backup.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { stagedFolder } from '../attachments/attachments.ts'

type ArchiveEntry =
  | { kind: 'kefu-backup'; format: 1; createdAt: string }
  | DatabaseEntry
  | { kind: 'file'; path: string }
  /** Of the file before it. */
  | { kind: 'bytes'; base64: string }
  | { kind: 'end' }

/** The database comes first: whatever its messages name was uploaded before. */
export async function writeArchive(
  file: string,
  database: AsyncIterable<DatabaseEntry>,
  uploads: string,
): Promise<void> {
  async function* lines() {
    yield line({ kind: 'kefu-backup', format: 1, createdAt: new Date().toISOString() })
    for await (const entry of database) yield line(entry)
    for await (const entry of readFiles(uploads)) yield line(entry)
    yield line({ kind: 'end' })
  }
  if (existsSync(file)) throw new StartError(`${file} is there already.`)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.unfinished`
  try {
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(unfinished, { mode: 0o600, flush: true }))
    await rename(unfinished, file)
  } finally {
    await rm(unfinished, { force: true })
  }
}

const line = (entry: ArchiveEntry) => `${JSON.stringify(entry)}\n`

async function* readFiles(folder: string): AsyncGenerator<ArchiveEntry> {
  if (!existsSync(folder)) return
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!found.isFile() || found.parentPath === join(folder, stagedFolder)) continue
    const path = join(found.parentPath, found.name)
    // One that was never sent may go while we read the others.
    const file = await openUnlessGone(path)
    if (file === null) continue
    yield { kind: 'file', path: relative(folder, path) }
    for await (const bytes of file.createReadStream()) yield { kind: 'bytes', base64: bytes.toString('base64') }
  }
}

async function openUnlessGone(path: string): Promise<FileHandle | null> {
  try {
    return await openFile(path, 'r')
  } catch (error) {
    if (existsSync(path)) throw error
    return null
  }
}

/** Throws a StartError unless the archive is whole. */
export async function checkArchive(file: string): Promise<void> {
  for await (const _ of readArchive(file));
}

export async function* readDatabase(file: string): AsyncGenerator<DatabaseEntry> {
  for await (const entry of readArchive(file)) {
    if (entry.kind === 'database' || entry.kind === 'table' || entry.kind === 'rows' || entry.kind === 'counts')
      yield entry
  }
}

/** Puts the archive's files into the folder, replacing those of the same name. */
export async function writeFiles(file: string, folder: string): Promise<number> {
  let written = 0
  let open: FileHandle | undefined
  try {
    for await (const entry of readArchive(file)) {
      if (entry.kind === 'file') {
        await open?.close()
        open = await openInside(folder, entry.path)
        written += 1
      } else if (entry.kind === 'bytes') await open?.write(Buffer.from(entry.base64, 'base64'))
    }
  } finally {
    await open?.close()
  }
  return written
}

async function openInside(folder: string, name: string): Promise<FileHandle> {
  const path = resolve(folder, name)
  if (relative(folder, path).startsWith('..'))
    throw new StartError(`The backup has a file outside of its folder: ${name}`)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  return openFile(path, 'w', 0o600)
}

async function* readArchive(file: string): AsyncGenerator<ArchiveEntry> {
  if (!existsSync(file)) throw new StartError(`There is no ${file}.`)
  let isFirst = true
  let isWhole = false
  try {
    for await (const line of readLines(file)) {
      const entry: ArchiveEntry = JSON.parse(line)
      if (isFirst && (entry.kind !== 'kefu-backup' || entry.format !== 1)) throw new SyntaxError()
      isFirst = false
      isWhole = entry.kind === 'end'
      yield entry
    }
    if (!isWhole) throw new SyntaxError()
  } catch (error) {
    if (isBroken(error)) throw new StartError(`${file} is not a whole backup of Kefu.`)
    throw error
  }
}

/** Neither gzip nor JSON, or cut off. */
function isBroken(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && 'code' in error && /^Z_/.test(String(error.code)))
}

async function* readLines(file: string): AsyncGenerator<string> {
  // What goes wrong in either stream is thrown by the loop.
  const text = pipe(createReadStream(file), createGunzip(), () => {}).setEncoding('utf8')
  let rest = ''
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
