// Kefu and the relays side by side, each with a load client of its own that is connected to the same rooms.

import { createRooms, type Room } from '../accounts.ts'
import {
  type KefuOptions,
  type RunningKefu,
  type RunningServer,
  startDurableRelay,
  startKefu,
  startRelay,
} from '../servers.ts'
import type { Handshake } from './connection.ts'
import type { ConnectJob } from './jobs.ts'
import { type Load, startLoad } from './start-load.ts'

export interface System {
  server: RunningServer
  /** The server's process, then the database's if there is one. */
  pids: number[]
  load: Load
}

export interface Comparison {
  ours: KefuSystem
  bare: System
  /** The relay that keeps its messages, on our database's server. */
  durable: System
  stop(): Promise<void>
}

export interface LoadShape {
  /** Each has a sender of its own. */
  rooms: number
  /** They share the rooms out evenly. */
  agents: number
}

export const scaled = ({ rooms, agents }: LoadShape, scale: number): LoadShape => ({
  rooms: Math.ceil(rooms * scale),
  agents: Math.ceil(agents * scale),
})

export interface KefuSystem extends System {
  server: RunningKefu
  rooms: Room[]
  stop(): Promise<void>
}

export async function startKefuSystem(loadShape: LoadShape, options: KefuOptions = {}): Promise<KefuSystem> {
  const server = await startKefu(options)
  const rooms = await createRooms(server, loadShape)
  const load = startLoad()
  await load.connect(kefuJob(server, rooms))
  return { server, rooms, load, pids: [server.pid, server.databasePid], stop: () => end(load, server) }
}

export async function startComparison(loadShape: LoadShape): Promise<Comparison> {
  const ours = await startKefuSystem(loadShape)
  const bare = await startRelaySystem(await startRelay(), ours.rooms)
  const durable = await startRelaySystem(await startDurableRelay(ours.server.databaseSocket), ours.rooms)
  durable.pids.push(ours.server.databasePid)
  return {
    ours,
    bare,
    durable,
    async stop() {
      for (const { load, server } of [bare, durable]) await end(load, server)
      await ours.stop()
    },
  }
}

async function startRelaySystem(server: RunningServer, rooms: readonly Room[]): Promise<System> {
  const load = startLoad()
  await load.connect(relayJob(server, rooms))
  return { server, load, pids: [server.pid] }
}

/** Puts all under full load for a while, unmeasured: what a process does in its first seconds, which is compiling, is not its speed. */
export async function warmUp({ ours, bare, durable }: Comparison, ms: number): Promise<void> {
  for (const { load } of [ours, bare, durable]) await load.closed({ inFlight: 8, ms, warmUpMs: 0, pids: [] })
}

async function end(load: Load, server: RunningServer): Promise<void> {
  load.stop()
  await server.stop()
}

/** First the senders, one a room, then the agents. */
function jobFor(
  server: RunningServer,
  rooms: readonly Room[],
  senders: Handshake[],
  agents: Handshake[],
): Omit<ConnectJob, 'do'> {
  return {
    url: server.url.href,
    handshakes: [...senders, ...agents],
    senders: rooms.map(({ conversationId }, connection) => ({ connection, conversationId })),
    receivers: agents.map((_, index) => senders.length + index),
  }
}

const roomsByAgent = (rooms: readonly Room[]) => [...Map.groupBy(rooms, (room) => room.agentToken)]

const kefuJob = (server: RunningServer, rooms: readonly Room[]) =>
  jobFor(
    server,
    rooms,
    rooms.map(({ customerToken, conversationId }) => ({
      auth: { token: customerToken },
      requests: [['conversation:open', { conversationId }]],
    })),
    roomsByAgent(rooms).map(([token, own]) => ({
      auth: { token },
      requests: own.map(({ conversationId }) => ['conversation:open', { conversationId }]),
    })),
  )

const relayJob = (server: RunningServer, rooms: readonly Room[]) =>
  jobFor(
    server,
    rooms,
    rooms.map((room) => roomHandshake([room])),
    roomsByAgent(rooms).map(([, own]) => roomHandshake(own)),
  )

const roomHandshake = (rooms: readonly Room[]): Handshake => ({
  auth: { rooms: rooms.map(({ conversationId }) => `conversation:${conversationId}`) },
  requests: [],
})
