// Keyset paging: a page ends at a place (time and id of its last row), and the next one begins behind it, however many rows came since.

import { limits } from '#protocol/limits/wire.ts'

export interface KeysetPosition {
  /** ISO time of the ordering column. */
  at: string
  id: number
}

export interface PageOf<T> {
  items: T[]
  /** Where the next page begins; null at the end. */
  next: KeysetPosition | null
}

export interface PageWithPositions<T> extends PageOf<T> {
  /** Of each item: where the next page begins if this one ends with it. */
  places: KeysetPosition[]
}

/** The first rows whose JSON is within the bytes of a page: at least one, so that paging always gets on. */
export function fitPage<T>(rows: readonly T[], bytes: number = limits.pageBytes): T[] {
  let left = bytes
  const end = rows.findIndex((row, index) => {
    left -= Buffer.byteLength(JSON.stringify(row)) + 1
    return left < 0 && index > 0
  })
  return end < 0 ? [...rows] : rows.slice(0, end)
}
