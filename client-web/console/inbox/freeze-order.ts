// Keeps rows in place while somebody is about to click: the content of a row updates, the order does not.

export interface Row {
  id: number
}

/**
 * The frozen rows with current content, followed by new rows
 * that belong below them. `changes` counts what is held back.
 */
export function freezeOrder<T extends Row>(
  shown: readonly T[],
  latest: readonly T[],
  find: (id: number) => T | undefined,
) {
  const frozenIds = new Set(shown.map(({ id }) => id))
  const lastFrozen = latest.findLastIndex(({ id }) => frozenIds.has(id))
  const rows = [...shown.map((row) => find(row.id) ?? row), ...latest.slice(lastFrozen + 1)]
  const current = new Set(latest.map(({ id }) => id))
  const added = latest.slice(0, lastFrozen + 1).filter(({ id }) => !frozenIds.has(id)).length
  const removed = rows.filter(({ id }) => !current.has(id)).length
  const order = latest.filter(({ id }) => frozenIds.has(id)).map(({ id }) => id)
  const before = shown.filter(({ id }) => current.has(id)).map(({ id }) => id)
  const hasMoved = order.some((id, index) => id !== before[index])
  return { rows, changes: added + removed || (hasMoved ? 1 : 0) }
}
