// Depth and width of untrusted JSON. Checked before the schema, which lists every invalid key before it reports the
// first. Recursion stops at the given depth, so that no input can exhaust the stack.

export function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(depth - 1, inner))
}

/** Whether any object or array has more entries. Check the depth first. */
export function isWiderThan(entries: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const inner = Object.values(value)
  return inner.length > entries || inner.some((each) => isWiderThan(entries, each))
}
