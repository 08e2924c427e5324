// Reads a backup as bytes of a stranger: first the authentication code of the file, then every entry's shape, order, size and count. All of
// that passes once before a restore changes anything, in memory that does not depend on the archive.

import { createHmac, type Hmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type FileHandle, open as openFile } from 'node:fs/promises'
import { pipeline as pipe, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type Cell, type DatabaseEntry, nextIdOf } from '#db/backup/backup.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { type ArchiveEntry, currentFormat, macOf, storedPath, trailerLength } from './archive-format.ts'

export interface Archive {
  /** Signed with a key of this installation. */
  isAuthentic: boolean
  /** The sum of the files' sizes, and of all content. */
  fileBytes: number
  contentBytes: number
  /** Reads the checked content again; throws a StartError at its end where the file has changed since. */
  entries(): AsyncGenerator<ArchiveEntry>
  close(): Promise<void>
}

/** Throws a StartError unless the archive is whole, well-formed and, where demanded, signed with one of the keys. */
export async function openArchive(
  file: string,
  { keys, mayBeUntrusted }: { keys: readonly Buffer[]; mayBeUntrusted: boolean },
): Promise<Archive> {
  const handle = await openRegular(file)
  try {
    const { size } = await handle.stat()
    const { key, mac, signedBytes } = await authenticate(handle, size, keys)
    const isAuthentic = key !== null
    if (!isAuthentic && !mayBeUntrusted) throw new StartError(notAuthentic(file, keys.length === 0))
    const readKey = key ?? randomBytes(32)
    const expected = mac ?? (await hmacOf(handle, signedBytes, [readKey]))[0]?.digest()
    const read = () => readEntries(handle, { file, size, signedBytes, key: readKey, expected })
    const sums = { fileBytes: 0, contentBytes: 0 }
    for await (const entry of read()) {
      if (entry.kind === 'bytes') sums.fileBytes += Buffer.byteLength(entry.base64, 'base64')
      else if (entry.kind === 'rows')
        for (const row of entry.rows) for (const cell of row) sums.contentBytes += cell?.length ?? 0
    }
    sums.contentBytes += sums.fileBytes
    return { isAuthentic, ...sums, entries: read, close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

const notAuthentic = (file: string, hasNoKey: boolean) =>
  `${file} is not signed with ${hasNoKey ? 'a key that this installation has' : "this installation's key"}, or has been changed. From another machine: set BACKUP_KEY to that machine's JWT_SECRET (or the content of its DATA_DIR/jwt-secret). Without the key, --untrusted restores it if its content is well-formed; trust where it comes from first.`

const broken = (file: string) => new StartError(`${file} is not a whole backup of Kefu.`)

async function openRegular(file: string): Promise<FileHandle> {
  const handle = await openFile(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new StartError(`There is no ${file}.`) : error
  })
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw broken(file)
}

/** The key that signed the file; null where none of these did. */
async function authenticate(handle: FileHandle, size: number, keys: readonly Buffer[]) {
  const trailer = Buffer.alloc(trailerLength)
  const { bytesRead } = await handle.read(trailer, 0, trailerLength, Math.max(0, size - trailerLength))
  const mac = bytesRead === trailerLength ? macOf(trailer) : null
  if (mac === null) return { key: null, mac: null, signedBytes: size }
  const signedBytes = size - trailerLength
  const hmacs = await hmacOf(handle, signedBytes, keys)
  const found = hmacs.findIndex((hmac) => timingSafeEqual(hmac.digest(), mac))
  return { key: keys[found] ?? null, mac: found < 0 ? null : mac, signedBytes }
}

async function hmacOf(handle: FileHandle, bytes: number, keys: readonly Buffer[]): Promise<Hmac[]> {
  const hmacs = keys.map((key) => createHmac('sha256', key))
  for await (const piece of readBytes(handle, bytes)) for (const hmac of hmacs) hmac.update(piece)
  return hmacs
}

async function* readBytes(handle: FileHandle, bytes: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < bytes; ) {
    const buffer = Buffer.allocUnsafe(Math.min(1024 * 1024, bytes - position))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

interface Source {
  file: string
  size: number
  signedBytes: number
  key: Buffer
  expected: Buffer | undefined
}

async function* readEntries(handle: FileHandle, source: Source): AsyncGenerator<ArchiveEntry> {
  const hmac = createHmac('sha256', source.key)
  const check = createCheck()
  try {
    for await (const line of readLines(handle, source, hmac)) {
      const entry = check.entry(JSON.parse(line))
      if (entry !== null) yield entry
    }
    check.end()
  } catch (error) {
    if (isBroken(error)) throw broken(source.file)
    throw error
  }
  if (!source.expected || !timingSafeEqual(hmac.digest(), source.expected))
    throw new StartError(`${source.file} changed while it was read.`)
}

/** Neither gzip nor JSON, or cut off, or not what a backup has. */
function isBroken(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && 'code' in error && /^Z_/.test(String(error.code)))
}

async function* readLines(handle: FileHandle, source: Source, hmac: Hmac): AsyncGenerator<string> {
  const most = Math.max(serverLimits.backupExpansionFloorBytes, source.size * serverLimits.backupExpansion)
  const bytes = Readable.from(counted(readBytes(handle, source.signedBytes), hmac), { objectMode: false })
  // What goes wrong in either stream is thrown by the loop.
  const content = pipe(bytes, createGunzip({ chunkSize: 256 * 1024 }), () => {})
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest: string[] = []
  let restLength = 0
  let total = 0
  for await (const piece of content as AsyncIterable<Buffer>) {
    total += piece.length
    if (total > most) throw new SyntaxError('unpacks to too much')
    let text = decode(decoder, piece)
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      rest.push(text.slice(0, end))
      yield rest.join('')
      rest = []
      restLength = 0
      text = text.slice(end + 1)
    }
    rest.push(text)
    restLength += text.length
    if (restLength > serverLimits.backupLineBytes) throw new SyntaxError('a line that is too long')
  }
  if (restLength > 0) throw new SyntaxError('the last line has no end')
}

function decode(decoder: TextDecoder, piece: Buffer): string {
  try {
    return decoder.decode(piece, { stream: true })
  } catch {
    throw new SyntaxError('not UTF-8')
  }
}

async function* counted(pieces: AsyncIterable<Buffer>, hmac: Hmac): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    hmac.update(piece)
    yield piece
  }
}

/** Follows the grammar: head, database, tables with their rows, counts, files with their bytes, end. */
function createCheck() {
  let state: 'start' | 'head' | 'database' | 'table' | 'counts' | 'file' | 'end' = 'start'
  let format = 0
  let width = 0
  let table = ''
  let unread = 0
  const counted = new Map<string, number>()
  const paths = new Set<string>()

  function demand(condition: unknown): asserts condition {
    if (!condition) throw new SyntaxError('not what a backup has')
  }

  /** null for an entry that a restore does not need. */
  function entry(value: unknown): ArchiveEntry | null {
    demand(isObject(value))
    switch (value.kind) {
      case 'kefu-backup':
        demand(state === 'start' && (value.format === 1 || value.format === currentFormat))
        state = 'head'
        format = value.format
        return { kind: 'kefu-backup', format, createdAt: String(value.createdAt) }
      case 'database': {
        demand(state === 'head' && isListOf(value.migrations, isName))
        state = 'database'
        return { kind: 'database', migrations: value.migrations }
      }
      case 'table': {
        demand((state === 'database' || state === 'table') && isName(value.name) && isListOf(value.columns, isColumn))
        demand(!counted.has(value.name) && value.columns.length > 0)
        state = 'table'
        table = value.name
        width = value.columns.length
        counted.set(table, 0)
        const columns = value.columns.map(({ name, isBinary }) => ({ name, isBinary }))
        // The first format had the table's definition, of which nothing but this number is used, and the record of migrations as a table.
        const nextId = format === 1 ? nextIdOf(String(value.definition)) : value.nextId
        demand(nextId === null || (typeof nextId === 'string' && /^\d{1,16}$/.test(nextId)))
        return isRecord() ? null : { kind: 'table', name: table, columns, nextId }
      }
      case 'rows': {
        demand(state === 'table' && isListOf(value.rows, (row): row is Cell[] => isListOf(row, isCell)))
        demand(value.rows.every((row) => row.length === width))
        counted.set(table, (counted.get(table) ?? 0) + value.rows.length)
        return isRecord() ? null : { kind: 'rows', rows: value.rows }
      }
      case 'counts': {
        demand(state === 'table' && isObject(value.counts))
        const announced = Object.entries(value.counts)
        demand(announced.length === counted.size)
        demand(announced.every(([name, count]) => counted.get(name) === count))
        state = 'counts'
        return { kind: 'counts', counts: Object.fromEntries(counted) }
      }
      case 'file': {
        demand((state === 'counts' || state === 'file') && unread === 0)
        const { path, size } = value
        demand(typeof path === 'string' && path.length < 100 && storedPath.test(path) && !paths.has(path))
        demand(format === 1 || (isCount(size) && size <= serverLimits.storedFileBytes))
        state = 'file'
        paths.add(path)
        unread = format === 1 ? 0 : (size as number)
        return { kind: 'file', path, size: unread }
      }
      case 'bytes': {
        demand(state === 'file' && typeof value.base64 === 'string' && isBase64(value.base64))
        const length = Buffer.byteLength(value.base64, 'base64')
        if (format !== 1) unread -= length
        demand(unread >= 0)
        return { kind: 'bytes', base64: value.base64 }
      }
      case 'end':
        demand((state === 'counts' || state === 'file') && unread === 0)
        state = 'end'
        return { kind: 'end' }
      default:
        throw new SyntaxError('an entry of no kind')
    }
  }

  const isRecord = () => format === 1 && table === 'schema_migrations'
  return { entry, end: () => demand(state === 'end') }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isListOf = <T>(value: unknown, is: (element: unknown) => element is T): value is T[] =>
  Array.isArray(value) && value.every(is)
const isName = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z0-9][a-z0-9_-]{0,99}$/.test(value)
const isCell = (value: unknown): value is Cell => value === null || typeof value === 'string'
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isColumn = (value: unknown): value is { name: string; isBinary: boolean } =>
  isObject(value) && isName(value.name) && typeof value.isBinary === 'boolean'
const isBase64 = (value: string) => value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)

export const isDatabaseEntry = (entry: ArchiveEntry): entry is DatabaseEntry =>
  entry.kind === 'database' || entry.kind === 'table' || entry.kind === 'rows' || entry.kind === 'counts'
