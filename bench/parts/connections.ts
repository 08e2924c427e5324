// What an idle connection holds in memory: 5,000 customers who are signed in, each in its own conversation, against 5,000 sockets in a room
// each of the bare relay. Resident memory of the server's process, per connection: as it stands in a quiet time, and without any garbage.

import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { inParallel, makeCustomer } from '../accounts.ts'
import { compared, type Figure, type Part } from '../figures.ts'
import type { Handshake } from '../load/connection.ts'
import { startLoad } from '../load/start-load.ts'
import { newDataDir, type RunningServer, startKefu, startRelay } from '../servers.ts'
import { residentBytes } from '../usage.ts'

const nodeOptions = ['--import', './bench/preload/collect-garbage.ts']
/** Within two of serverLimits.idleGcIntervalMs Kefu has seen that it is quiet. */
const quietMs = 2.5 * serverLimits.idleGcIntervalMs
/** Memory that is free goes back to the system a little after the collection. */
const collectMs = 700
const collections = 3
/** Connections that come and go before anything is measured: what is made once for all is no connection's. */
const warmUp = 100

/** Resident, in a quiet time that nobody helps along, and after a collection that gives back all that is free. */
interface Memory {
  quiet: number
  givenBack: number
}

export const connections: Part = {
  name: 'connections',
  async run({ options, say }): Promise<Figure[]> {
    const count = options.quick ? 1_000 : 5_000
    const title = `each of ${count} idle connections`
    const ours: Memory[] = []
    const bare: Memory[] = []
    const dataDir = await newDataDir()
    const tokens = await withServer(await startKefu({ dataDir }), (kefu) =>
      inParallel(count + warmUp, () => makeCustomer(kefu)),
    )
    for (let round = 1; round <= options.rounds; round++) {
      say(`${count} idle connections: round ${round}`)
      const [one, other] = await Promise.all([measureOurs(dataDir, tokens), measureBare(tokens.length)])
      ours.push(one)
      bare.push(other)
    }
    await rm(dataDir, { recursive: true })
    const target = { atMost: 1, of: 'ratio' } as const
    const compare = (what: string, when: keyof Memory) =>
      compared(
        `${title}, ${what}`,
        'KiB',
        ours.map((all) => all[when]),
        bare.map((all) => all[when]),
        target,
      )
    return [compare(`quiet for ${quietMs / 1000} s`, 'quiet'), compare('all garbage collected', 'givenBack')]
  },
}

/** In a process that did not serve the making of all those sessions. */
async function measureOurs(dataDir: string, tokens: readonly string[]): Promise<Memory> {
  const handshakes = tokens.map(
    (token): Handshake => ({ auth: { token }, requests: [['conversation:start', { clientConversationId: 'idle' }]] }),
  )
  return withServer(await startKefu({ dataDir, nodeOptions }), (kefu) => measureMemory(kefu, handshakes))
}

async function measureBare(count: number): Promise<Memory> {
  const inRoom = (index: number): Handshake => ({ auth: { rooms: [`conversation:${index}`] }, requests: [] })
  const handshakes = Array.from({ length: count }, (_, index) => inRoom(index))
  return withServer(await startRelay(nodeOptions), (relay) => measureMemory(relay, handshakes))
}

async function withServer<S extends RunningServer, T>(server: S, use: (server: S) => Promise<T>): Promise<T> {
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

/** KiB for each connection, beyond what the server needs for the first few. */
async function measureMemory(server: RunningServer, all: readonly Handshake[]): Promise<Memory> {
  const [first, others] = [all.slice(0, warmUp), all.slice(warmUp)]
  await whileOpen(server, first, async () => {})
  const before = await memoryInUse(server)
  const after = await whileOpen(server, others, async () => {
    await sleep(quietMs)
    return memoryInUse(server)
  })
  const ofEach = (when: keyof Memory) => (after[when] - before[when]) / others.length / 1024
  return { quiet: ofEach('quiet'), givenBack: ofEach('givenBack') }
}

async function whileOpen<T>(server: RunningServer, handshakes: Handshake[], use: () => Promise<T>): Promise<T> {
  const load = startLoad()
  try {
    await load.connect({ url: server.url.href, handshakes, senders: [], receivers: [] })
    return await use()
  } finally {
    load.stop()
  }
}

async function memoryInUse({ pid }: RunningServer): Promise<Memory> {
  return { quiet: residentBytes(pid), givenBack: await leastAfter(pid, 'SIGHUP') }
}

/** The least of a few collections: between two of them the server's own timers leave something behind. */
async function leastAfter(pid: number, signal: NodeJS.Signals): Promise<number> {
  const found: number[] = []
  while (found.length < collections) {
    process.kill(pid, signal)
    await sleep(collectMs)
    found.push(residentBytes(pid))
  }
  return Math.min(...found)
}
