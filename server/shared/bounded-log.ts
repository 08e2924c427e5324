// Log lines that callers can cause, bounded: so many of one kind, and so many of one actor, that a flood fills no disk and hides nobody
// else's. What was left out is counted, and one line says how many.

import type { RateName } from '../budgets/budgets.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'

type Parts = Pick<App, 'log' | 'rates' | 'now'>

interface Line {
  /** A name of ours, never a caller's words: there is one count for each. */
  kind: string
  /** Of all lines of the kind. */
  budget: RateName
  /** Who caused it, where that is known: a user's id or the group of an address. It is counted by and not written. */
  actor?: string | number | undefined
}

interface Kind {
  caused: number
  suppressed: number
  /** When the first of the suppressed was. */
  since: number
  timer: NodeJS.Timeout | undefined
}

const { windowMs } = budgets.refusalLogLines
const kindsOf = new WeakMap<App['rates'], Map<string, Kind>>()

/** Calls `write`, unless the kind or the actor has used up its budget. */
export function writeBounded(app: Parts, { kind: name, budget, actor }: Line, write: () => void): void {
  const kind = kindOf(app, name)
  kind.caused += 1
  if (kind.suppressed > 0 && app.now() - kind.since >= windowMs) reportSuppressed(app, name, kind)
  const isOwnBudgetLeft = actor === undefined || app.rates.tryConsume('logLinesPerActor', `${name} ${actor}`)
  if (isOwnBudgetLeft && app.rates.tryConsume(budget, name)) write()
  else suppress(app, name, kind)
}

function suppress(app: Parts, name: string, kind: Kind): void {
  kind.suppressed += 1
  if (kind.suppressed > 1) return
  kind.since = app.now()
  kind.timer = setTimeout(() => reportSuppressed(app, name, kind), windowMs).unref()
}

/** For lines that no flood can cause. */
export function countAndWrite(app: Parts, kind: string, write: () => void): void {
  kindOf(app, kind).caused += 1
  write()
}

function kindOf({ rates }: Parts, name: string): Kind {
  const kinds = kindsOf.get(rates) ?? new Map<string, Kind>()
  kindsOf.set(rates, kinds)
  const kind = kinds.get(name) ?? { caused: 0, suppressed: 0, since: 0, timer: undefined }
  kinds.set(name, kind)
  return kind
}

function reportSuppressed({ log }: Parts, event: string, kind: Kind): void {
  clearTimeout(kind.timer)
  log.warn({ event, suppressed: kind.suppressed }, 'suppressed log lines')
  kind.suppressed = 0
}

/** How often each kind was caused on this node, written or not. */
export function countsOfKinds({ rates }: Pick<App, 'rates'>): [kind: string, caused: number][] {
  return [...(kindsOf.get(rates) ?? [])].map(([name, { caused }]) => [name, caused])
}
