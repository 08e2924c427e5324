// While a pointer or the keyboard is in the list, no row moves.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freezeOrder } from '../../client-web/console/inbox/freeze-order.ts'

const rows = (...ids: number[]) => ids.map((id) => ({ id }))
const ids = (list: readonly { id: number }[]) => list.map(({ id }) => id)
const find = (latest: { id: number; words?: string }[]) => (id: number) => latest.find((row) => row.id === id)

test('a row that would rise to the top stays and counts as a change', () => {
  const latest = rows(3, 1, 2)
  const held = freezeOrder(rows(1, 2, 3), latest, find(latest))
  expect(ids(held.rows)).toEqual([1, 2, 3])
  expect(held.changes).toBe(1)
})

test('row content stays current', () => {
  const latest = [{ id: 2, words: 'new' }, { id: 1 }]
  expect(freezeOrder(rows(1, 2), latest, find(latest)).rows).toEqual([{ id: 1 }, { id: 2, words: 'new' }])
})

test('a new row below is appended; a new row above waits', () => {
  const latest = rows(9, 1, 2, 8)
  const held = freezeOrder(rows(1, 2), latest, find(latest))
  expect(ids(held.rows)).toEqual([1, 2, 8])
  expect(held.changes).toBe(1)
})

test('a row that left the view stays and counts as a change', () => {
  const latest = rows(1, 3)
  const held = freezeOrder(rows(1, 2, 3), latest, find(latest))
  expect(ids(held.rows)).toEqual([1, 2, 3])
  expect(held.changes).toBe(1)
})

test('after any changes the rows stay a prefix without duplicates, and no change returns the same list', () => {
  const list = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8 })
  fc.assert(
    fc.property(list, list, (shownIds, latestIds) => {
      const latest = rows(...latestIds)
      const held = freezeOrder(rows(...shownIds), latest, find(latest))
      expect(ids(held.rows).slice(0, shownIds.length)).toEqual(shownIds)
      expect(new Set(ids(held.rows)).size).toBe(held.rows.length)
      if (held.changes === 0) expect(ids(held.rows)).toEqual(latestIds)
    }),
    { numRuns: 2_000 },
  )
})
