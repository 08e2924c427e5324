// How many messages a second go through at most: Kefu, each message durable first, against the bare relay that keeps nothing.

import { type Bench, type Figure, figure, type Part, type Target } from '../figures.ts'
import { insertRows } from '../load/insert-rows.ts'
import type { Measured } from '../load/jobs.ts'
import { type Crowd, type Pair, type Side, scaled, startPair } from '../load/pair.ts'

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
      { inFlight: 1, target: { atLeast: 0.5 } },
      { inFlight: 8, target: { atLeast: 0.7 }, cpuTarget: { atMost: 0.08 } },
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
  const database: number[] = []
  const measure = (side: Side, whose: string) =>
    bench.undisturbed(`${title}, ${whose}`, () => side.load.closed({ inFlight, ms, warmUpMs, pids: side.pids }))
  for (let round = 0; round < rounds; round++) {
    bench.say(`${title}: round ${round + 1}`)
    ours.push(await measure(pair.ours, 'ours'))
    bare.push(await measure(pair.bare, 'bare'))
    database.push(await bench.undisturbed(`${title}, database`, () => insertMost(pair, ms)))
  }
  const rate = (what: 'acked' | 'delivered') => (measured: Measured) => measured[what] / measured.seconds
  const ratio = (what: 'acked' | 'delivered') =>
    ours.map((measured, round) => rate(what)(measured) / rate(what)(bare[round] as Measured))
  const cpuPer1000 = (measured: Measured, seconds: number) => (seconds / measured.acked) * 1000
  const all = (cpu: number[]) => cpu.reduce((sum, seconds) => sum + seconds, 0)
  return [
    figure(`${title}: ours, acknowledged`, '/s', ours.map(rate('acked'))),
    figure(`${title}: ours, delivered`, '/s', ours.map(rate('delivered'))),
    figure(`${title}: bare, acknowledged`, '/s', bare.map(rate('acked'))),
    figure(`${title}: bare, delivered`, '/s', bare.map(rate('delivered'))),
    figure(`${title}: acknowledged, ours/bare`, 'ratio', ratio('acked'), target),
    figure(`${title}: delivered, ours/bare`, 'ratio', ratio('delivered'), target),
    figure(
      `${title}: ours, ack p50`,
      'ms',
      ours.map(({ ackMs }) => ackMs.p50),
    ),
    figure(
      `${title}: bare, ack p50`,
      'ms',
      bare.map(({ ackMs }) => ackMs.p50),
    ),
    figure(
      `${title}: ours, CPU of the server for 1,000 messages`,
      's',
      ours.map((one) => cpuPer1000(one, one.cpu[0] as number)),
    ),
    figure(
      `${title}: ours, CPU of the database for 1,000 messages`,
      's',
      ours.map((one) => cpuPer1000(one, one.cpu[1] as number)),
    ),
    figure(
      `${title}: ours, CPU of both for 1,000 messages`,
      's',
      ours.map((one) => cpuPer1000(one, all(one.cpu))),
      cpuTarget,
    ),
    figure(
      `${title}: bare, CPU for 1,000 messages`,
      's',
      bare.map((one) => cpuPer1000(one, all(one.cpu))),
    ),
    figure(
      `${title}: cores the load client used, ours`,
      'cores',
      ours.map((one) => one.clientCpu / one.seconds),
    ),
    figure(
      `${title}: cores the load client used, bare`,
      'cores',
      bare.map((one) => one.clientCpu / one.seconds),
    ),
  ]
}

/** Rows a second that the same database takes from the same driver with nothing in front. */
async function insertMost(pair: Pair, ms: number): Promise<number> {
  const socketPath = pair.ours.server.databaseSocket
  return (await insertRows({ socketPath, connections: 4, rows: 200, ms: ms / 2 })).rowsPerSecond
}
