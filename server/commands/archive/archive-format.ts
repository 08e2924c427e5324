// The backup file: gzip of one JSON entry per line, then an empty gzip member whose comment is an HMAC of every byte
// before it. Any gunzip can read it; only a holder of the key can change it.

import type { DatabaseEntry } from '#db/backup/backup.ts'

export type ArchiveEntry =
  | { kind: 'kefu-backup'; format: number; createdAt: string }
  | DatabaseEntry
  | { kind: 'file'; path: string; size: number }
  /** Content of the preceding file. */
  | { kind: 'bytes'; base64: string }
  | { kind: 'end' }

export const currentFormat = 2

/** Paths of stored attachments and thumbnails, in a folder named by their first two letters. */
export const storedPath = /^([0-9a-f]{2})\/\1[0-9a-f]{30}(?:\.thumbnail)?$/

const header = Buffer.from([0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 0xff])
const emptyContent = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
const label = 'kefu-hmac-sha256:'
const macLength = 64
export const trailerLength = header.length + label.length + macLength + 1 + emptyContent.length

export const trailerOf = (mac: Buffer): Buffer =>
  Buffer.concat([header, Buffer.from(`${label}${mac.toString('hex')}\0`, 'latin1'), emptyContent])

/** null if these bytes are not a trailer. */
export function macOf(trailer: Buffer): Buffer | null {
  const from = header.length + label.length
  const mac = Buffer.from(trailer.toString('latin1', from, from + macLength), 'hex')
  return mac.length === macLength / 2 && trailerOf(mac).equals(trailer) ? mac : null
}
