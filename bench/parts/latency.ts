// How long a message takes to its answer and to the other member: at shares of Kefu's own saturation, the relays at the same rates, and one
// message alone beside the database's commit time. Times count from when a message was meant to go out.

import { type Bench, compared, type Figure, figure, type Part } from '../figures.ts'
import { type InsertJob, insertRows } from '../load/insert-rows.ts'
import type { Measured } from '../load/jobs.ts'
import { type Pair, type Side, scaled, startPair, warmUp } from '../load/pair.ts'
import { median, type Percentiles } from '../percentiles.ts'

const shares = [0.1, 0.5, 0.8]
/** At this share the targets stand. */
const judgedShare = 0.5
const whats = [
  ['ackMs', 'ack'],
  ['deliveryMs', 'delivery'],
] as const
const ranks = ['p50', 'p95', 'p99'] as const
type Rank = (typeof ranks)[number]

export const latency: Part = {
  name: 'latency',
  async run(bench) {
    const pair = await startPair(scaled({ rooms: 50, agents: 50 }, bench.options.scale))
    try {
      await warmUp(pair, bench.options.ms)
      const { figures, commit } = await measureAlone(bench, pair)
      const { ms, warmUpMs } = bench.options
      const full = await pair.ours.load.closed({ inFlight: 8, ms, warmUpMs, pids: [] })
      for (const share of shares) {
        figures.push(...(await measureShare(bench, pair, share, (share * full.acked) / full.seconds, commit)))
      }
      return figures
    } finally {
      await pair.stop()
    }
  },
}

/** One sender, who waits for each answer. */
async function measureAlone(bench: Bench, pair: Pair): Promise<{ figures: Figure[]; commit: Percentiles }> {
  const { ms, warmUpMs, rounds } = bench.options
  const insert: InsertJob = { socketPath: pair.ours.server.databaseSocket, connections: 1, rows: 1, ms: ms / 2 }
  const commits: Percentiles[] = []
  const ours: Measured[] = []
  const bare: Measured[] = []
  const measure = (side: Side) =>
    side.load.closed({ inFlight: 1, senders: 1, ms: ms / 2, warmUpMs: warmUpMs / 2, pids: [] })
  for (let round = 1; round <= rounds; round++) {
    bench.say(`one message alone: round ${round}`)
    commits.push((await bench.undisturbed('commit alone', () => insertRows(insert))).commitMs)
    ours.push(await bench.undisturbed('one message alone, ours', () => measure(pair.ours)))
    bare.push(await bench.undisturbed('one message alone, bare', () => measure(pair.bare)))
  }
  const commit = medians(commits)
  const figures = [
    figure(
      'commit of one row, p50',
      'ms',
      commits.map(({ p50 }) => p50),
    ),
    figure(
      'commit of one row, p99',
      'ms',
      commits.map(({ p99 }) => p99),
    ),
  ]
  for (const [key, what] of whats) {
    for (const rank of ranks) {
      const target = rank === 'p50' ? { atMost: commit.p50 + 1 } : undefined
      const of = (one: Measured) => one[key][rank]
      figures.push(compared(`alone: ${what} ${rank}`, 'ms', ours.map(of), bare.map(of), target))
    }
  }
  return { figures, commit }
}

async function measureShare(bench: Bench, pair: Pair, share: number, perSecond: number, commit: Percentiles) {
  const { ms, warmUpMs, rounds } = bench.options
  const title = `at ${share * 100} % (${Math.round(perSecond)}/s)`
  const ours: Measured[] = []
  const bare: Measured[] = []
  const durable: Measured[] = []
  const measure = (side: Side, whose: string) =>
    bench.undisturbed(`${title}, ${whose}`, () => side.load.open({ perSecond, ms, warmUpMs, pids: [] }))
  for (let round = 1; round <= rounds; round++) {
    bench.say(`${title}: round ${round}`)
    ours.push(await measure(pair.ours, 'ours'))
    bare.push(await measure(pair.bare, 'bare'))
    durable.push(await measure(pair.durable, 'a relay that keeps'))
  }
  const figures: Figure[] = []
  for (const [key, what] of whats) {
    for (const rank of ranks) {
      const of = (one: Measured) => one[key][rank]
      const isJudged = share === judgedShare && rank !== 'p95'
      const target = isJudged ? { atMost: bearable(median(bare.map(of)), commit[rank]) } : undefined
      figures.push(compared(`${title}: ${what} ${rank}`, 'ms', ours.map(of), bare.map(of), target))
    }
  }
  for (const rank of ranks) {
    const times = durable.map((one) => one.ackMs[rank])
    figures.push(figure(`${title}: the relay with group commit, ack ${rank}`, 'ms', times))
  }
  const refused = ours.map((one) => one.refused)
  if (refused.some((count) => count > 0)) figures.push(figure(`${title}: ours, refused`, 'messages', refused))
  return figures
}

/** Twice the relay's time, or a commit more, whichever is more. */
const bearable = (bareMs: number, commitMs: number) => Math.max(2 * bareMs, bareMs + commitMs)

const medians = (all: Percentiles[]): Percentiles => {
  const of = (rank: Rank) => median(all.map((one) => one[rank]))
  return { count: all.length, p50: of('p50'), p95: of('p95'), p99: of('p99') }
}
