// Kefu and the bare relay side by side, each with a load client of its own that is connected to the same rooms.

import { makeRooms, type Room } from '../accounts.ts'
import { type KefuOptions, type RunningKefu, type RunningServer, startKefu, startRelay } from '../servers.ts'
import type { Handshake } from './connection.ts'
import type { ConnectJob } from './jobs.ts'
import { type Load, startLoad } from './start-load.ts'

export interface Side {
  server: RunningServer
  /** The server's process, then the database's if there is one. */
  pids: number[]
  load: Load
}

export interface Pair {
  ours: Side & { server: RunningKefu }
  bare: Side
  stop(): Promise<void>
}

export interface Crowd {
  /** Each has a sender of its own. */
  rooms: number
  /** They share the rooms out evenly. */
  agents: number
}

export async function startPair(crowd: Crowd, options: KefuOptions = {}): Promise<Pair> {
  const [kefu, relay] = [await startKefu(options), await startRelay(options.nodeOptions)]
  const rooms = await makeRooms(kefu, crowd)
  const ours = { server: kefu, pids: [kefu.pid, kefu.databasePid], load: startLoad() }
  const bare = { server: relay, pids: [relay.pid], load: startLoad() }
  await ours.load.connect(oursJob(kefu, rooms))
  await bare.load.connect(bareJob(relay, rooms))
  return {
    ours,
    bare,
    async stop() {
      for (const { load, server } of [ours, bare]) {
        load.stop()
        await server.stop()
      }
    },
  }
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

const oursJob = (server: RunningServer, rooms: readonly Room[]) =>
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

const bareJob = (server: RunningServer, rooms: readonly Room[]) =>
  jobFor(
    server,
    rooms,
    rooms.map((room) => inRooms([room])),
    roomsByAgent(rooms).map(([, own]) => inRooms(own)),
  )

const inRooms = (rooms: readonly Room[]): Handshake => ({
  auth: { rooms: rooms.map(({ conversationId }) => `conversation:${conversationId}`) },
  requests: [],
})
