// Encodes a keyset position as an opaque cursor.

import type { KeysetPosition } from '#db/core/keyset.ts'
import { AppError } from '../shared/errors.ts'

export function encodeCursor({ at, id }: KeysetPosition): string {
  return Buffer.from(`${at} ${id}`).toString('base64url')
}

/** Exactly the format of encodeCursor: Date.parse accepts more than the database does. */
const format = /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z) ([1-9][0-9]{0,14})$/

export function decodeCursor(cursor: string): KeysetPosition {
  const [, at = '', id] = format.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (Number.isNaN(Date.parse(at)))
    throw new AppError('invalid_request', 'Invalid cursor: use the nextCursor of the previous page.')
  return { at, id: Number(id) }
}
