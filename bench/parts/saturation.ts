// How many messages a second go through at most: Kefu, each message durable first, against the bare relay that keeps nothing, and beside the
// least that keeps them.

import { type Bench, compared, type Figure, figure, type Part, type Target } from '../figures.ts'
import { insertRows } from '../load/insert-rows.ts'
import type { Measured } from '../load/jobs.ts'
import { type Crowd, type Pair, type Side, scaled, startPair, warmUp } from '../load/pair.ts'

interface Case {
  /** Of each sender. */
  inFlight: number
  target?: Target
  cpuTarget?: Target
}

interface Setting {
  name: string
  crowd: Crowd
  cases: Case[]
}

const settings: Setting[] = [
  {
    name: 'rooms of two',
    crowd: { rooms: 50, agents: 50 },
    cases: [
      { inFlight: 1, target: { atLeast: 0.5, of: 'ratio' } },
      { inFlight: 8, target: { atLeast: 0.7, of: 'ratio' }, cpuTarget: { atMost: 0.08 } },
    ],
  },
  { name: 'many senders, few agents', crowd: { rooms: 500, agents: 5 }, cases: [{ inFlight: 1 }] },
]

export const saturation: Part = {
  name: 'saturation',
  async run(bench) {
    const figures: Figure[] = []
    for (const setting of settings) figures.push(...(await saturate(bench, setting)))
    return figures
  },
}

async function saturate(bench: Bench, { name, crowd, cases }: Setting): Promise<Figure[]> {
  const pair = await startPair(scaled(crowd, bench.options.scale))
  try {
    const figures: Figure[] = []
    await warmUp(pair, bench.options.ms)
    for (const each of cases) figures.push(...(await measureCase(bench, pair, name, each)))
    return figures
  } finally {
    await pair.stop()
  }
}

async function measureCase(bench: Bench, pair: Pair, name: string, { inFlight, target, cpuTarget }: Case) {
  const { ms, warmUpMs, rounds } = bench.options
  const title = `${name}, ${inFlight * pair.ours.rooms.length} in flight`
  const ours: Measured[] = []
  const bare: Measured[] = []
  const durable: Measured[] = []
  const database: number[] = []
  const measure = (side: Side, whose: string) =>
    bench.undisturbed(`${title}, ${whose}`, () => side.load.closed({ inFlight, ms, warmUpMs, pids: side.pids }))
  for (let round = 0; round < rounds; round++) {
    bench.say(`${title}: round ${round + 1}`)
    ours.push(await measure(pair.ours, 'ours'))
    bare.push(await measure(pair.bare, 'bare'))
    durable.push(await measure(pair.durable, 'a relay that keeps'))
    database.push(await bench.undisturbed(`${title}, database`, () => insertMost(pair, ms)))
  }
  const rate = (what: 'acked' | 'delivered') => (measured: Measured) => measured[what] / measured.seconds
  const cpu = (of: (seconds: number[]) => number) => (measured: Measured) => (of(measured.cpu) / measured.acked) * 1000
  const all = cpu((seconds) => seconds.reduce((sum, each) => sum + each, 0))
  const figures: Figure[] = []
  const compare = (what: string, unit: string, of: (measured: Measured) => number, target?: Target) =>
    figures.push(compared(`${title}: ${what}`, unit, ours.map(of), bare.map(of), target))
  const tell = (what: string, unit: string, rounds: number[]) => figures.push(figure(`${title}: ${what}`, unit, rounds))

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
  return figures
}

const ratios = (ours: number[], theirs: number[]) => ours.map((value, round) => value / (theirs[round] as number))

/** Rows a second that the same database takes from the same driver with nothing in front. */
async function insertMost(pair: Pair, ms: number): Promise<number> {
  const socketPath = pair.ours.server.databaseSocket
  return (await insertRows({ socketPath, connections: 4, rows: 200, ms: ms / 2 })).rowsPerSecond
}
