// How many messages a second go through at most: Kefu, each message durable first, against the bare relay that keeps nothing, and beside the
// least that keeps them.

import { type Comparison, type LoadShape, type System, scaled, startComparison, warmUp } from '../load/comparison.ts'
import { insertRows } from '../load/insert-rows.ts'
import type { Measured } from '../load/jobs.ts'
import { type Bench, comparedMetric, type Metric, metric, type Scenario, type Target } from '../metrics.ts'

interface Case {
  /** Of each sender. */
  inFlight: number
  target?: Target
  cpuTarget?: Target
}

interface Setting {
  name: string
  loadShape: LoadShape
  cases: Case[]
}

const settings: Setting[] = [
  {
    name: 'rooms of two',
    loadShape: { rooms: 50, agents: 50 },
    cases: [
      { inFlight: 1, target: { atLeast: 0.5, of: 'ratio' } },
      { inFlight: 8, target: { atLeast: 0.7, of: 'ratio' }, cpuTarget: { atMost: 0.08 } },
    ],
  },
  { name: 'many senders, few agents', loadShape: { rooms: 500, agents: 5 }, cases: [{ inFlight: 1 }] },
]

export const saturation: Scenario = {
  name: 'saturation',
  async run(bench) {
    const metrics: Metric[] = []
    for (const setting of settings) metrics.push(...(await saturate(bench, setting)))
    return metrics
  },
}

async function saturate(bench: Bench, { name, loadShape, cases }: Setting): Promise<Metric[]> {
  const comparison = await startComparison(scaled(loadShape, bench.options.scale))
  try {
    const metrics: Metric[] = []
    await warmUp(comparison, bench.options.ms)
    for (const each of cases) metrics.push(...(await measureCase(bench, comparison, name, each)))
    return metrics
  } finally {
    await comparison.stop()
  }
}

async function measureCase(bench: Bench, comparison: Comparison, name: string, { inFlight, target, cpuTarget }: Case) {
  const { ms, warmUpMs, rounds } = bench.options
  const title = `${name}, ${inFlight * comparison.ours.rooms.length} in flight`
  const ours: Measured[] = []
  const bare: Measured[] = []
  const durable: Measured[] = []
  const database: number[] = []
  const measure = (side: System, whose: string) =>
    bench.retryIfDisturbed(`${title}, ${whose}`, () => side.load.closed({ inFlight, ms, warmUpMs, pids: side.pids }))
  for (let round = 0; round < rounds; round++) {
    bench.progress(`${title}: round ${round + 1}`)
    ours.push(await measure(comparison.ours, 'ours'))
    bare.push(await measure(comparison.bare, 'bare'))
    durable.push(await measure(comparison.durable, 'a relay that keeps'))
    database.push(await bench.retryIfDisturbed(`${title}, database`, () => measureInsertLimit(comparison, ms)))
  }
  const rate = (what: 'acked' | 'delivered') => (measured: Measured) => measured[what] / measured.seconds
  const cpu = (of: (seconds: number[]) => number) => (measured: Measured) => (of(measured.cpu) / measured.acked) * 1000
  const all = cpu((seconds) => seconds.reduce((sum, each) => sum + each, 0))
  const metrics: Metric[] = []
  const compare = (what: string, unit: string, of: (measured: Measured) => number, target?: Target) =>
    metrics.push(comparedMetric(`${title}: ${what}`, unit, ours.map(of), bare.map(of), target))
  const tell = (what: string, unit: string, rounds: number[]) => metrics.push(metric(`${title}: ${what}`, unit, rounds))

  compare('acknowledged', '/s', rate('acked'), target)
  compare('delivered', '/s', rate('delivered'), target)
  compare('ack p50', 'ms', ({ ackMs }) => ackMs.p50)
  compare('ack p99', 'ms', ({ ackMs }) => ackMs.p99)
  compare('CPU for 1,000 messages, server and database', 's', all, cpuTarget)
  tell('of that, the server', 's', ours.map(cpu(([server = 0]) => server)))
  tell('of that, the database', 's', ours.map(cpu(([, database = 0]) => database)))
  compare('cores that the load client used', 'cores', ({ clientCpu, seconds }) => clientCpu / seconds)
  tell('the relay with group commit, acknowledged', '/s', durable.map(rate('acked')))
  tell(
    'acknowledged, of what the relay with group commit does',
    'ratio',
    ratios(ours.map(rate('acked')), durable.map(rate('acked'))),
  )
  tell(
    'the relay with group commit, of the bare relay',
    'ratio',
    ratios(durable.map(rate('acked')), bare.map(rate('acked'))),
  )
  tell('the relay with group commit, CPU for 1,000 messages, server and database', 's', durable.map(all))
  tell('the database alone, 200 rows a commit on 4 connections', 'rows/s', database)
  tell('acknowledged, of what the database alone can', 'ratio', ratios(ours.map(rate('acked')), database))
  return metrics
}

const ratios = (ours: number[], theirs: number[]) => ours.map((value, round) => value / (theirs[round] as number))

/** Rows a second that the same database takes from the same driver with nothing in front. */
async function measureInsertLimit(comparison: Comparison, ms: number): Promise<number> {
  const socketPath = comparison.ours.server.databaseSocket
  return (await insertRows({ socketPath, connections: 4, rows: 200, ms: ms / 2 })).rowsPerSecond
}
