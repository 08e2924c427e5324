// Preloaded into the server process: removes a budget to prove that the run needs it, or lowers one that a drill would
// reach too late. Its own URL holds the changes and the path of the server's source.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** By budget: its new numbers, or null to remove it. */
export type BudgetChanges = Readonly<Record<string, Readonly<Record<string, number>> | null>>

/** An unreachable limit for each kind of number. A number with a new name must be added here. */
const unbounded: Readonly<Record<string, number>> = {
  count: 1e9,
  concurrent: 1e9,
  packets: 1e9,
  bytes: 2 ** 50,
  ms: 2 ** 31 - 1,
}

/** A minimum rate of zero limits nothing. */
const unboundedByName: Readonly<Record<string, Readonly<Record<string, number>>>> = { slowestReader: { bytes: 0 } }

/** The window of a count, which limits nothing by itself. */
const windows = ['windowMs', 'perMs']

export function applyChanges(budgets: Record<string, Record<string, number>>, changes: BudgetChanges): void {
  for (const [name, change] of Object.entries(changes)) {
    const budget = budgets[name]
    if (budget === undefined) throw new Error(`unknown budget "${name}"`)
    Object.assign(budget, change ?? removed(name, budget))
  }
}

function removed(name: string, budget: Readonly<Record<string, number>>): Record<string, number> {
  const keys = Object.keys(budget).filter((key) => !windows.includes(key))
  return Object.fromEntries(
    keys.map((key) => {
      const value = unboundedByName[name]?.[key] ?? unbounded[key]
      if (value === undefined) throw new Error(`add an unreachable value for "${key}" of ${name}`)
      return [key, value]
    }),
  )
}

const { searchParams } = new URL(import.meta.url)
const [checkout, changes] = [searchParams.get('checkout'), searchParams.get('changes')]
if (checkout !== null && changes !== null) {
  const { budgets } = await import(pathToFileURL(join(checkout, 'server/budgets/budgets.ts')).href)
  applyChanges(budgets, JSON.parse(changes))
}
