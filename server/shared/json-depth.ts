// How deep what a caller sent is nested, and how wide. Schemas are asked only then: they name every key that is wrong before the first is
// used. The depth is looked at no further than asked, so that none can exhaust the stack.

export function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(depth - 1, inner))
}

/** Whether any object or list has more entries. Only for what is not too deep. */
export function isWiderThan(entries: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const inner = Object.values(value)
  return inner.length > entries || inner.some((each) => isWiderThan(entries, each))
}
