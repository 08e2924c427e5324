// Rate limits log lines that callers can cause, per kind and per actor. A flood then cannot fill the disk or hide the
// lines of others. One line reports how many were suppressed.

import type { RateName } from '../budgets/budgets.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'

type Parts = Pick<App, 'log' | 'rates' | 'now'>

interface Line {
  /** A fixed name, never text from a caller: each has its own counter. */
  kind: string
  /** The rate of all lines of this kind. */
  budget: RateName
  /** A user's id or an address group, if available. Selects the budget and is not logged. */
  actor?: string | number | undefined
}

interface Kind {
  caused: number
  suppressed: number
  /** Time of the first suppressed line. */
  since: number
  timer: NodeJS.Timeout | undefined
}

const { windowMs } = budgets.refusalLogLines
const kindsOf = new WeakMap<App['rates'], Map<string, Kind>>()

/** Calls `write` unless the budget of the kind or of the actor is exhausted. */
export function writeBounded(app: Parts, { kind: name, budget, actor }: Line, write: () => void): void {
  const kind = kindOf(app, name)
  kind.caused += 1
  if (kind.suppressed > 0 && app.now() - kind.since >= windowMs) reportSuppressed(app, name, kind)
  const isWithinActorBudget = actor === undefined || app.rates.tryConsume('logLinesPerActor', `${name} ${actor}`)
  if (isWithinActorBudget && app.rates.tryConsume(budget, name)) write()
  else suppress(app, name, kind)
}

function suppress(app: Parts, name: string, kind: Kind): void {
  kind.suppressed += 1
  if (kind.suppressed > 1) return
  kind.since = app.now()
  kind.timer = setTimeout(() => reportSuppressed(app, name, kind), windowMs).unref()
}

/** For lines that a flood cannot cause. */
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

/** How often each kind occurred on this node, logged or suppressed. */
export function countsOfKinds({ rates }: Pick<App, 'rates'>): [kind: string, caused: number][] {
  return [...(kindsOf.get(rates) ?? [])].map(([name, { caused }]) => [name, caused])
}
