// The result of a run: counts, times, faults by kind, and violations.

import type { FaultPeriod } from './fault-schedule.ts'
import type { Journal } from './journal.ts'
import type { Stored } from './stored.ts'

export interface Findings {
  seed: number
  nodes: number
  /** Of each node. */
  workers: number
  seconds: number
  acknowledged: number
  stored: number
  receipts: number
  changes: number
  /** From the first send to the acknowledgement, in milliseconds. */
  acknowledgedIn: { p50: number; p99: number; max: number }
  /** The share of acknowledgements that came while a fault was active, 0 to 1. */
  shareInFaults: number
  /** The slowest reply that only database faults delayed, in milliseconds. */
  slowestReplyWithoutDatabase: number
  faults: Map<string, number>
  counts: Map<string, number>
  violations: string[]
  /** The folder of log and data, kept after a violation. */
  folder: string
}

export interface Evidence {
  options: { seed: number; nodes: number; workers?: number }
  journal: Journal
  periods: FaultPeriod[]
  stored: Stored
  startedAt: number
  folder: string
}

export function summarize({ options, journal, periods, stored, startedAt, folder }: Evidence): Findings {
  const times = journal.acknowledgements.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0)
  const during = (from: number, to: number) => periods.filter((period) => period.from <= to && period.to >= from)
  const inFaults = journal.acknowledgements.filter((one) => during(one.at, one.at).length > 0)
  const hindered = journal.replies.filter(({ from, to }) => {
    const active = during(from, to)
    return active.length > 0 && active.every(({ kind }) => kind.startsWith('database'))
  })
  const faults = new Map<string, number>()
  for (const { kind } of periods) faults.set(kind, (faults.get(kind) ?? 0) + 1)
  return {
    seed: options.seed,
    nodes: options.nodes,
    workers: options.workers ?? 1,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    acknowledged: times.length,
    stored: stored.messages.length,
    receipts: journal.receipts.length,
    changes: journal.changes.length,
    acknowledgedIn: { p50: at(0.5), p99: at(0.99), max: Math.round(times.at(-1) ?? 0) },
    shareInFaults: times.length === 0 ? 0 : inFaults.length / times.length,
    slowestReplyWithoutDatabase: Math.round(Math.max(0, ...hindered.map(({ from, to }) => to - from))),
    faults,
    counts: journal.counts,
    violations: journal.violations,
    folder,
  }
}
