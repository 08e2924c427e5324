// How long a message takes to its answer and to the other member: at shares of Kefu's own saturation, the relays at the same rates, and one
// message alone beside the database's commit time. Times count from when a message was meant to go out.

import { type Comparison, type System, scaled, startComparison, warmUp } from '../load/comparison.ts'
import { type InsertJob, insertRows } from '../load/insert-rows.ts'
import type { Measured } from '../load/jobs.ts'
import { type Bench, comparedMetric, type Metric, metric, type Scenario } from '../metrics.ts'
import { median, type Percentiles } from '../percentiles.ts'

const shares = [0.1, 0.5, 0.8]
/** At this share the targets stand. */
const targetShare = 0.5
const measurements = [
  ['ackMs', 'ack'],
  ['deliveryMs', 'delivery'],
] as const
const ranks = ['p50', 'p95', 'p99'] as const
type Rank = (typeof ranks)[number]

export const latency: Scenario = {
  name: 'latency',
  async run(bench) {
    const comparison = await startComparison(scaled({ rooms: 50, agents: 50 }, bench.options.scale))
    try {
      await warmUp(comparison, bench.options.ms)
      const { metrics, commit } = await measureAlone(bench, comparison)
      const { ms, warmUpMs } = bench.options
      const full = await comparison.ours.load.closed({ inFlight: 8, ms, warmUpMs, pids: [] })
      for (const share of shares) {
        metrics.push(...(await measureShare(bench, comparison, share, (share * full.acked) / full.seconds, commit)))
      }
      return metrics
    } finally {
      await comparison.stop()
    }
  },
}

/** One sender, who waits for each answer. */
async function measureAlone(bench: Bench, comparison: Comparison): Promise<{ metrics: Metric[]; commit: Percentiles }> {
  const { ms, warmUpMs, rounds } = bench.options
  const insert: InsertJob = { socketPath: comparison.ours.server.databaseSocket, connections: 1, rows: 1, ms: ms / 2 }
  const commits: Percentiles[] = []
  const ours: Measured[] = []
  const bare: Measured[] = []
  const measure = (side: System) =>
    side.load.closed({ inFlight: 1, senders: 1, ms: ms / 2, warmUpMs: warmUpMs / 2, pids: [] })
  for (let round = 1; round <= rounds; round++) {
    bench.progress(`one message alone: round ${round}`)
    commits.push((await bench.retryIfDisturbed('commit alone', () => insertRows(insert))).commitMs)
    ours.push(await bench.retryIfDisturbed('one message alone, ours', () => measure(comparison.ours)))
    bare.push(await bench.retryIfDisturbed('one message alone, bare', () => measure(comparison.bare)))
  }
  const commit = medians(commits)
  const metrics = [
    metric(
      'commit of one row, p50',
      'ms',
      commits.map(({ p50 }) => p50),
    ),
    metric(
      'commit of one row, p99',
      'ms',
      commits.map(({ p99 }) => p99),
    ),
  ]
  for (const [key, what] of measurements) {
    for (const rank of ranks) {
      const target = rank === 'p50' ? { atMost: commit.p50 + 1 } : undefined
      const of = (one: Measured) => one[key][rank]
      metrics.push(comparedMetric(`alone: ${what} ${rank}`, 'ms', ours.map(of), bare.map(of), target))
    }
  }
  return { metrics, commit }
}

async function measureShare(
  bench: Bench,
  comparison: Comparison,
  share: number,
  perSecond: number,
  commit: Percentiles,
) {
  const { ms, warmUpMs, rounds } = bench.options
  const title = `at ${share * 100} % (${Math.round(perSecond)}/s)`
  const ours: Measured[] = []
  const bare: Measured[] = []
  const durable: Measured[] = []
  const measure = (side: System, whose: string) =>
    bench.retryIfDisturbed(`${title}, ${whose}`, () => side.load.open({ perSecond, ms, warmUpMs, pids: [] }))
  for (let round = 1; round <= rounds; round++) {
    bench.progress(`${title}: round ${round}`)
    ours.push(await measure(comparison.ours, 'ours'))
    bare.push(await measure(comparison.bare, 'bare'))
    durable.push(await measure(comparison.durable, 'a relay that keeps'))
  }
  const metrics: Metric[] = []
  for (const [key, what] of measurements) {
    for (const rank of ranks) {
      const of = (one: Measured) => one[key][rank]
      const isJudged = share === targetShare && rank !== 'p95'
      const target = isJudged ? { atMost: tolerated(median(bare.map(of)), commit[rank]) } : undefined
      metrics.push(comparedMetric(`${title}: ${what} ${rank}`, 'ms', ours.map(of), bare.map(of), target))
    }
  }
  for (const rank of ranks) {
    const times = durable.map((one) => one.ackMs[rank])
    metrics.push(metric(`${title}: the relay with group commit, ack ${rank}`, 'ms', times))
  }
  const refused = ours.map((one) => one.refused)
  if (refused.some((count) => count > 0)) metrics.push(metric(`${title}: ours, refused`, 'messages', refused))
  return metrics
}

/** Twice the relay's time, or a commit more, whichever is more. */
const tolerated = (bareMs: number, commitMs: number) => Math.max(2 * bareMs, bareMs + commitMs)

const medians = (all: Percentiles[]): Percentiles => {
  const of = (rank: Rank) => median(all.map((one) => one[rank]))
  return { count: all.length, p50: of('p50'), p95: of('p95'), p99: of('p99') }
}
