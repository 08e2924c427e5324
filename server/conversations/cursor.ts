// A page's end as an opaque word for clients.

import type { KeysetPosition } from '#db/core/keyset.ts'
import { AppError } from '../shared/errors.ts'

export function encodeCursor({ at, id }: KeysetPosition): string {
  return Buffer.from(`${at} ${id}`).toString('base64url')
}

/** Only as encodeCursor writes it: what else Date would take, a database may not. */
const written = /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z) ([1-9][0-9]{0,14})$/

export function decodeCursor(cursor: string): KeysetPosition {
  const [, at = '', id] = written.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (Number.isNaN(Date.parse(at))) throw new AppError('invalid_request', 'The cursor is not one of ours.')
  return { at, id: Number(id) }
}
