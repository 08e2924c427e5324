// Tampered backups: each kind of change is rejected before anything reaches the database or the disk.

import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, inject, test } from 'vitest'
import type { DatabaseEntry } from '#db/backup/backup.ts'
import { type ArchiveEntry, trailerLength, trailerOf } from '../../server/commands/archive/archive-format.ts'
import { verifyingKeys } from '../../server/commands/archive/backup-keys.ts'
import { type Archive, openArchive } from '../../server/commands/archive/read-archive.ts'
import { stageFiles } from '../../server/commands/archive/staged-files.ts'
import { writeArchive } from '../../server/commands/archive/write-archive.ts'
import { loadConfig } from '../../server/process/config.ts'
import { newDataDir, runCommand } from '../support/server-process.ts'

const backupKey = 'a-key-that-no-archive-holds-at-all'
const folder = () => mkdtempSync(join(inject('testFolder'), 'archive-'))
const configOf = (dataDir: string) => loadConfig({ BACKUP_KEY: backupKey, DATA_DIR: dataDir })
const keys = verifyingKeys(configOf(folder()))
const key = keys[0] as Buffer

const stored = `ab/ab${'0'.repeat(30)}`
const table: DatabaseEntry = {
  kind: 'table',
  name: 'sites',
  columns: [
    { name: 'id', isBinary: false },
    { name: 'name', isBinary: false },
  ],
  nextId: '3',
}
const good: ArchiveEntry[] = [
  { kind: 'kefu-backup', format: 2, createdAt: '2031-01-01T00:00:00.000Z' },
  { kind: 'database', migrations: ['0001-original-tables'] },
  table,
  {
    kind: 'rows',
    rows: [
      ['1', 'Mist & Leaf'],
      ['2', '岚叶茶铺 😀'],
    ],
  },
  { kind: 'counts', counts: { sites: 2 } },
  { kind: 'file', path: stored, size: 5 },
  { kind: 'bytes', base64: Buffer.from('hello').toString('base64') },
  { kind: 'end' },
]

const text = (entries: readonly unknown[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
const sign = (body: Buffer, by = key) =>
  Buffer.concat([body, trailerOf(createHmac('sha256', by).update(body).digest())])
/** Signed with the right key, so only the content can be rejected. */
const pack = (entries: readonly unknown[]) => sign(gzipSync(text(entries)))
const whole = pack(good)
const body = whole.subarray(0, -trailerLength)
const trailer = whole.subarray(-trailerLength)

const replaced = (index: number, entry: unknown) => good.map((old, at) => (at === index ? entry : old))
const inserted = (index: number, ...entries: unknown[]) => good.toSpliced(index, 0, ...(entries as ArchiveEntry[]))
const flipped = (bytes: Buffer, at: number) => {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] as number) ^ 1
  return changed
}
const withFile = (path: unknown) => replaced(5, { kind: 'file', path, size: 5 })

/** Rejected despite a valid signature, and so also where no signature is required. */
const malformed: [kind: string, archive: Buffer][] = [
  ['not an archive', Buffer.from('hello')],
  ['nothing', Buffer.alloc(0)],
  ['gzip of another text', pack([{ kind: 'something' }, { kind: 'end' }])],
  ['gzip of something other than JSON', sign(gzipSync('<html>\n'))],
  ['gzip of invalid UTF-8', sign(gzipSync(Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])))],
  ['a truncated body', sign(body.subarray(0, body.length - 12))],
  ['a body without its end', pack(good.slice(0, -1))],
  ['an entry after the end', pack([...good, good[3]])],
  ['a second head', pack(inserted(1, good[0]))],
  ['a format that does not exist yet', pack(replaced(0, { ...good[0], format: 3 }))],
  ['an entry of an unknown kind', pack(inserted(4, { kind: 'statement', sql: 'CREATE USER x' }))],
  ['a list in place of an entry', pack(inserted(4, [1]))],
  ['entries in another order', pack([good[0], good[2], good[1], ...good.slice(3)])],
  ['files before the database', pack([good[0], good[5], good[6], ...good.slice(1, 5), good[7]])],
  ['a second database', pack(inserted(2, good[1]))],
  ['migration names that are SQL', pack(replaced(1, { kind: 'database', migrations: ["x'; DROP TABLE users"] }))],
  ['a table twice', pack(inserted(4, table))],
  ['a table whose name is SQL', pack(replaced(2, { ...table, name: 'sites; DROP TABLE users' }))],
  ['a table of another database', pack(replaced(2, { ...table, name: 'mysql.user' }))],
  ['a column whose name is SQL', pack(replaced(2, { ...table, columns: [{ name: 'id`', isBinary: false }] }))],
  ['a table without columns', pack(replaced(2, { ...table, columns: [] }))],
  ['an id that is not a number', pack(replaced(2, { ...table, nextId: '1; DROP TABLE users' }))],
  ['rows before their table', pack([good[0], good[1], good[3], table, good[4], good[7]])],
  ['a row of another width', pack(replaced(3, { kind: 'rows', rows: [['1', 'a'], ['2']] }))],
  [
    'a cell that is an object',
    pack(
      replaced(3, {
        kind: 'rows',
        rows: [
          ['1', 'a'],
          ['2', { toSqlString: 1 }],
        ],
      }),
    ),
  ],
  [
    'a cell that is a number',
    pack(
      replaced(3, {
        kind: 'rows',
        rows: [
          ['1', 'a'],
          ['2', 2],
        ],
      }),
    ),
  ],
  ['one row less than announced', pack(replaced(3, { kind: 'rows', rows: [['1', 'a']] }))],
  ['one row more than announced', pack(inserted(4, good[3]))],
  ['a count of another table', pack(replaced(4, { kind: 'counts', counts: { sites: 2, users: 0 } }))],
  ['no counts', pack(good.toSpliced(4, 1))],
  ['a path that leaves the folder', pack(withFile('../../etc/cron.d/x'))],
  ['a path that leaves the folder from within', pack(withFile(`ab/../../${stored}`))],
  ['an absolute path', pack(withFile('/etc/passwd'))],
  ['a path with a null byte', pack(withFile(`${stored}\0`))],
  ['a path with a line break', pack(withFile(`${stored}\n`))],
  ['a path that is a list', pack(withFile([stored]))],
  ['a path in another folder', pack(withFile(`cd/ab${'0'.repeat(30)}`))],
  ['a name that is not an attachment', pack(withFile('jwt-secret'))],
  ['a link', pack(replaced(5, { kind: 'link', path: stored, target: '/etc/passwd' }))],
  ['a file twice', pack(inserted(7, good[5], good[6]))],
  ['a file longer than announced', pack(inserted(7, good[6]))],
  ['a file shorter than announced', pack(replaced(5, { kind: 'file', path: stored, size: 6 }))],
  ['a file of no size', pack(replaced(5, { kind: 'file', path: stored }))],
  ['a file of a negative size', pack(replaced(5, { kind: 'file', path: stored, size: -1 }))],
  ['a file that is too large', pack(replaced(5, { kind: 'file', path: stored, size: 2 ** 40 }))],
  ['bytes without a file', pack(good.toSpliced(5, 1))],
  ['bytes that are not base64', pack(replaced(6, { kind: 'bytes', base64: 'aGVsbG8=!' }))],
  ['a line that never ends', sign(gzipSync(`{"kind":"${'a'.repeat(17 * 1024 * 1024)}`))],
  ['a decompression bomb', sign(gzipSync(`${JSON.stringify(good[0])}\n`.repeat(1_000_000)))],
  ['a list nested a million deep', sign(gzipSync(`${'['.repeat(1_000_000)}\n`))],
]

const otherKey = createHmac('sha256', 'another installation').digest()
const shorter = pack(good.toSpliced(5, 2))

/** Well-formed, but not written by the key's owner. */
const forged: [kind: string, archive: Buffer][] = [
  ['a changed byte of the content', flipped(whole, 40)],
  ['a changed byte of the signature', flipped(whole, whole.length - 30)],
  ['a truncated signature', whole.subarray(0, whole.length - 1)],
  ['no signature', body],
  ['bytes between the content and the signature', Buffer.concat([body, Buffer.from('x'), trailer])],
  ['bytes after the signature', Buffer.concat([whole, Buffer.from('x')])],
  ['bytes before the content', Buffer.concat([gzipSync(''), whole])],
  ['a repeated signature', Buffer.concat([whole, trailer])],
  ['the signature of an older archive', Buffer.concat([shorter.subarray(0, -trailerLength), trailer])],
  ['the signature of another key', sign(body, otherKey)],
  ['the signature of an empty key', sign(body, Buffer.alloc(0))],
  ['two archives in one', Buffer.concat([whole, whole])],
  ['the parts in another order', Buffer.concat([trailer, body])],
  ['the first format, which had no signature', gzipSync(text(replaced(0, { ...good[0], format: 1 })))],
]

function written(archive: Buffer): string {
  const file = join(folder(), 'one.backup.gz')
  writeFileSync(file, archive)
  return file
}

async function collect(archive: Archive): Promise<ArchiveEntry[]> {
  const all: ArchiveEntry[] = []
  for await (const entry of archive.entries()) all.push(entry)
  return all
}

const open = (file: string, allowUntrusted = false) => openArchive(file, { keys, allowUntrusted })

describe('an archive', () => {
  test('[OB22] is read back unchanged', async () => {
    const archive = await open(written(whole))
    const entries = await collect(archive)
    await archive.close()
    expect(entries).toEqual(good)
    expect(archive).toMatchObject({ isAuthentic: true, fileBytes: 5 })
    expect(gunzipSync(whole).toString()).toBe(text(good))
  })

  test.each(malformed)('[OB22] [S17] is rejected in one line: %s', async (_, archive) => {
    const before = process.memoryUsage().rss
    await expect(open(written(archive))).rejects.toThrow(/^[^\n]+$/)
    await expect(open(written(archive), true)).rejects.toThrow(/is not a complete Kefu backup\.$/)
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
  })

  test.each(forged)('[OB22] [S17] is not authentic: %s', async (_, archive) => {
    await expect(open(written(archive))).rejects.toThrow(/^[^\n]+ is not signed with this installation's key[^\n]+$/)
  })

  test('[OB28] of the first format, with tables as SQL, is read only on request, and runs none of its statements', async () => {
    const definition = 'CREATE TABLE `sites` (id INT) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4'
    const record = {
      kind: 'table',
      name: 'schema_migrations',
      columns: [{ name: 'name', isBinary: false }],
      definition,
    }
    const first = gzipSync(
      text([
        { kind: 'kefu-backup', format: 1, createdAt: '' },
        good[1],
        { ...table, definition, nextId: undefined },
        good[3],
        record,
        { kind: 'rows', rows: [['0001-original-tables']] },
        { kind: 'counts', counts: { schema_migrations: 1, sites: 2 } },
        { kind: 'file', path: stored },
        ...good.slice(6),
      ]),
    )
    await expect(open(written(first))).rejects.toThrow('--untrusted')
    const archive = await open(written(first), true)
    const entries = await collect(archive)
    await archive.close()
    expect(JSON.stringify(entries)).not.toContain('CREATE')
    expect(entries.slice(1, 5)).toEqual(
      good.slice(1, 5).map((entry) => (entry.kind === 'counts' ? expect.anything() : entry)),
    )
  })

  test('[OB22] that changes while it is read is refused at its end', async () => {
    for (const allowUntrusted of [false, true]) {
      const file = written(allowUntrusted ? body : whole)
      const archive = await open(file, allowUntrusted)
      const changed = pack(
        replaced(3, {
          kind: 'rows',
          rows: [
            ['1', 'x'],
            ['2', 'y'],
          ],
        }),
      )
      writeFileSync(file, allowUntrusted ? changed.subarray(0, -trailerLength) : changed)
      await expect(collect(archive)).rejects.toThrow(/changed while it was read|is not a complete Kefu backup/)
      await archive.close()
    }
  })

  test('[OB22] that is not a regular file is rejected', async () => {
    await expect(open(folder())).rejects.toThrow(/./)
    await expect(open('/dev/zero')).rejects.toThrow(/is not a complete Kefu backup/)
    await expect(open(join(folder(), 'none'))).rejects.toThrow(/There is no/)
  })

  test('[OB22] verifies with each key of the list, or with the token signing secret if the list is empty', () => {
    const secrets = ['x'.repeat(32), 'y'.repeat(32)] as const
    const byList = verifyingKeys(loadConfig({ BACKUP_KEY: secrets.join(), DATA_DIR: folder() }))
    const bySecret = verifyingKeys(loadConfig({ JWT_SECRET: secrets.join(), DATA_DIR: folder() }))
    expect(byList).toHaveLength(2)
    expect(bySecret).toEqual(byList)
    expect(verifyingKeys(loadConfig({ DATA_DIR: folder() }))).toEqual([])
  })
})

describe('the files of an archive', () => {
  test('[OB23] leave everything unchanged when the restore fails after them', async () => {
    const uploads = folder()
    mkdirSync(join(uploads, 'ab'))
    writeFileSync(join(uploads, stored), 'before')
    const archive = await open(written(whole))
    const staging = stageFiles(uploads)
    for await (const entry of archive.entries()) await staging.stage(entry)
    expect(readFileSync(join(uploads, stored), 'utf8')).toBe('before')
    expect(await staging.moveIntoPlace()).toBe(1)
    expect(readFileSync(join(uploads, stored), 'utf8')).toBe('hello')
    await staging.rollBack()
    await staging.discard()
    expect(readFileSync(join(uploads, stored), 'utf8')).toBe('before')
    expect(readdirSync(uploads, { recursive: true }).sort()).toEqual(['ab', stored, 'incoming'])
    await archive.close()
  })

  test('[OB23] are stored attachments only: no links and no other names', async () => {
    const uploads = folder()
    mkdirSync(join(uploads, 'ab'))
    writeFileSync(join(uploads, stored), 'hello')
    writeFileSync(join(uploads, 'ab', 'note.txt'), 'x')
    symlinkSync('/etc/passwd', join(uploads, 'ab', `ab${'1'.repeat(30)}`))
    const file = join(folder(), 'one.backup.gz')
    async function* database() {
      yield* good.slice(1, 5) as DatabaseEntry[]
    }
    await writeArchive(file, { database: database(), uploads, key })
    const archive = await open(file)
    const entries = await collect(archive)
    await archive.close()
    expect(entries.slice(1)).toEqual(good.slice(1))
  })
})

describe('the restore command', () => {
  test('[OB22] [S17] changes nothing for an archive that is not authentic or incomplete', async () => {
    const dataDir = await newDataDir()
    const env = { BACKUP_KEY: backupKey }
    for (const [archive, args, line] of [
      [flipped(whole, 40), [], /is not signed with this installation's key/],
      [flipped(whole, 40), ['--force'], /is not signed with this installation's key/],
      [pack(withFile('../x')), ['--untrusted'], /is not a complete Kefu backup/],
    ] as const) {
      const result = await runCommand('restore', [written(archive), ...args], dataDir, env)
      expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(line) })
      expect(result.stderr.trim().split('\n')).toHaveLength(1)
    }
    const other = await runCommand('restore', [written(whole)], dataDir)
    expect(other.stderr).toMatch(/not signed with a key that this installation has.*BACKUP_KEY/)
    expect((await runCommand('restore', [], dataDir)).stderr).toMatch(/^Usage: /)
    expect((await runCommand('restore', ['x', '--forc'], dataDir)).stderr).toMatch(/^Usage: /)
    expect(existsSync(join(dataDir, 'database'))).toBe(false)
    expect(readdirSync(dataDir)).toEqual([])
  })
})
