// Keyset pagination: the next page starts after the time and id of the last row, so rows inserted since do not shift
// it.

import { limits } from '#protocol/limits/wire.ts'

export interface KeysetPosition {
  /** ISO time of the ordering column. */
  at: string
  id: number
}

export interface PageOf<T> {
  items: T[]
  /** Start of the next page; null at the end. */
  next: KeysetPosition | null
}

export interface PageWithPositions<T> extends PageOf<T> {
  /** Each item's position, for a page that is cut short after it. */
  positions: KeysetPosition[]
}

/** The longest prefix whose JSON fits into a page, but at least one row, so that paging always progresses. */
export function fitPage<T>(rows: readonly T[], bytes: number = limits.pageBytes): T[] {
  let left = bytes
  const end = rows.findIndex((row, index) => {
    left -= Buffer.byteLength(JSON.stringify(row)) + 1
    return left < 0 && index > 0
  })
  return end < 0 ? [...rows] : rows.slice(0, end)
}
