// Loaded into the server's process before anything else: removes budgets, to prove that the run misses them. Which ones, and where the
// server's source is, its own URL says.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A bound that nobody reaches, by the name of the number. A number of another name has to be added here. */
const unbounded: Readonly<Record<string, number>> = {
  count: 1e9,
  concurrent: 1e9,
  bytes: 2 ** 50,
  bytesPerSecond: 0,
  ms: 2 ** 31 - 1,
}

/** Says over what a count is taken, and bounds nothing by itself. */
const windows = ['windowMs']

const { searchParams } = new URL(import.meta.url)
const path = join(searchParams.get('checkout') ?? '.', 'server/budgets/budgets.ts')
const { budgets } = (await import(pathToFileURL(path).href)) as { budgets: Record<string, Record<string, number>> }

for (const name of searchParams.get('budgets')?.split(',') ?? []) {
  const budget = budgets[name]
  if (budget === undefined) throw new Error(`there is no budget "${name}"`)
  for (const key of Object.keys(budget).filter((key) => !windows.includes(key))) {
    const value = unbounded[key]
    if (value === undefined) throw new Error(`it is not said how "${key}" of ${name} is removed`)
    budget[key] = value
  }
}
