// What an idle connection holds in memory: 5,000 customers who are signed in, each in its own conversation, against 5,000 sockets in a room
// each of the bare relay. Resident memory of the server's process after garbage collection, per connection.

import { setTimeout as sleep } from 'node:timers/promises'
import { inParallel, makeCustomer } from '../accounts.ts'
import { type Figure, figure, type Part } from '../figures.ts'
import type { Handshake } from '../load/connection.ts'
import { startLoad } from '../load/start-load.ts'
import { type RunningServer, startKefu, startRelay } from '../servers.ts'
import { residentBytes } from '../usage.ts'

const nodeOptions = ['--expose-gc', '--import', './bench/preload/collect-garbage.ts']
/** Memory that is free goes back to the system a little after the collection. */
const collectMs = 700

export const connections: Part = {
  name: 'connections',
  async run({ options, say }): Promise<Figure[]> {
    const count = options.quick ? 1_000 : 5_000
    const ours: number[] = []
    const bare: number[] = []
    for (let round = 1; round <= options.rounds; round++) {
      say(`${count} idle connections: round ${round}`)
      ours.push(await measureOurs(count))
      bare.push(await measureBare(count))
    }
    const ratios = ours.map((bytes, round) => bytes / (bare[round] as number))
    const kib = (all: number[]) => all.map((bytes) => bytes / 1024)
    return [
      figure(`${count} idle connections: ours, memory of each`, 'KiB', kib(ours), { atMost: 31 }),
      figure(`${count} idle connections: bare, memory of each`, 'KiB', kib(bare)),
      figure('memory of an idle connection, ours/bare', 'ratio', ratios, { atMost: 1 }),
    ]
  },
}

async function measureOurs(count: number): Promise<number> {
  const kefu = await startKefu({ nodeOptions })
  try {
    const tokens = await inParallel(count, () => makeCustomer(kefu))
    const handshakes = tokens.map((token): Handshake => ({ auth: { token }, requests: [['conversation:start', {}]] }))
    return await measureMemory(kefu, handshakes)
  } finally {
    await kefu.stop()
  }
}

async function measureBare(count: number): Promise<number> {
  const relay = await startRelay(nodeOptions)
  try {
    const handshake = (index: number): Handshake => ({ auth: { rooms: [`conversation:${index}`] }, requests: [] })
    return await measureMemory(
      relay,
      Array.from({ length: count }, (_, index) => handshake(index)),
    )
  } finally {
    await relay.stop()
  }
}

/** Bytes for each connection. */
async function measureMemory(server: RunningServer, handshakes: Handshake[]): Promise<number> {
  const before = await memoryInUse(server)
  const load = startLoad()
  try {
    await load.connect({ url: server.url.href, handshakes, senders: [], receivers: [] })
    return ((await memoryInUse(server)) - before) / handshakes.length
  } finally {
    load.stop()
  }
}

async function memoryInUse({ pid }: RunningServer): Promise<number> {
  for (let times = 0; times < 2; times++) {
    process.kill(pid, 'SIGUSR2')
    await sleep(collectMs)
  }
  return residentBytes(pid)
}
