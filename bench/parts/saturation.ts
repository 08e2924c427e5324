// How many messages a second go through at most: Kefu, each message durable first, against the bare relay that keeps nothing.

import { type Bench, type Figure, figure, type Part, type Target } from '../figures.ts'
import { insertRows } from '../load/insert-rows.ts'
import type { Measured } from '../load/jobs.ts'
import { type Crowd, type Pair, type Side, startPair } from '../load/pair.ts'

interface Case {
  name: string
  inFlight: number
  target?: Target
  cpuTarget?: Target
}

const roomsOfTwo: Crowd = { rooms: 50, agents: 50 }
const fewAgents: Crowd = { rooms: 500, agents: 5 }

export const saturation: Part = {
  name: 'saturation',
  async run(bench) {
    const cases: Case[] = [
      { name: '50 in flight', inFlight: 1, target: { atLeast: 0.5 } },
      { name: '400 in flight', inFlight: 8, target: { atLeast: 0.7 }, cpuTarget: { atMost: 0.08 } },
    ]
    return [
      ...(await saturate(bench, 'rooms of two', roomsOfTwo, cases)),
      ...(await saturate(bench, '500 senders to 5 agents', fewAgents, [{ name: '500 in flight', inFlight: 1 }])),
    ]
  },
}

async function saturate(bench: Bench, crowdName: string, crowd: Crowd, cases: Case[]): Promise<Figure[]> {
  const pair = await startPair(crowd)
  try {
    const figures: Figure[] = []
    for (const each of cases) figures.push(...(await measureCase(bench, pair, crowdName, each)))
    return figures
  } finally {
    await pair.stop()
  }
}

async function measureCase(bench: Bench, pair: Pair, crowdName: string, { name, inFlight, target, cpuTarget }: Case) {
  const { ms, warmUpMs, rounds } = bench.options
  const title = `${crowdName}, ${name}`
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
