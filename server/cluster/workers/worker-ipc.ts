// A worker's IPC channel to the primary, which is also its bus to the other workers. Messages published in one tick are
// sent as one batch.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { serverLimits } from '#protocol/limits/server.ts'
import { type Bus, createByteBudget } from '../bus.ts'
import { createRejectedMessages } from '../rejected-messages.ts'
import { asToWorker, type BusMessage, type Start, type ToPrimary } from './ipc-messages.ts'

export interface WorkerIpc extends Bus {
  /** From 1. A replacement keeps the number. */
  number: number
  /** Unique to this start. */
  id: number
  count: number
  /** How many workers serve now. */
  ready(): number
  /** The path of a worker's private socket. */
  socketOf(id: number): string
}

export interface Joined {
  start: Start
  workerIpc: WorkerIpc
  /** Starts receiving connections, for this server. */
  serve(server: Server): void
  /** Stops receiving connections. */
  leave(): void
}

/** Resolves with the primary's start message. */
export async function joinWorkers(number: number, log: Logger): Promise<Joined> {
  const subscriptions: { matches: (channel: string) => boolean; listener: Parameters<Bus['subscribe']>[1] }[] = []
  const reserve = createByteBudget(serverLimits.busBufferBytes)
  const rejected = createRejectedMessages(log, 'worker')
  const started = Promise.withResolvers<Start>()
  let ready = 0
  let server: Server | undefined
  let batch: BusMessage[] = []
  let releases: (() => void)[] = []

  const send = (message: ToPrimary, then = () => {}) => void process.send?.(message, undefined, undefined, then)

  // Without its primary a worker has no port, and no process to stop it.
  process.on('disconnect', () => process.exit(1))
  process.on('message', (raw: unknown, socket?: Socket) => {
    const message = asToWorker(raw)
    if (message === null) return rejected.count('malformed')
    if (message.kind === 'start') started.resolve(message)
    if (message.kind === 'ready') ready = message.ready
    if (message.kind === 'published') for (const published of message.messages) deliver(published)
    if (message.kind !== 'connection') return
    // Undefined when it closed in transit.
    if (socket) server?.emit('connection', socket)
    send({ kind: 'accepted' })
  })

  async function deliver([channel, message]: BusMessage) {
    for (const { matches, listener } of subscriptions) {
      try {
        if (matches(channel)) await listener(message, channel)
      } catch (error) {
        rejected.count('failed', error)
      }
    }
  }

  function flush() {
    const sent = releases
    send({ kind: 'publish', messages: batch }, () => sent.forEach((release) => void release()))
    batch = []
    releases = []
  }

  const start = await started.promise
  return {
    start,
    workerIpc: {
      number,
      id: start.id,
      count: start.count,
      ready: () => ready,
      socketOf: (id) => join(start.folder, String(id)),
      publish(channel, message) {
        const bytes = Buffer.from(message)
        const release = reserve(bytes.length)
        if (release === null) return
        releases.push(release)
        if (batch.push([channel, bytes]) === 1) setImmediate(flush)
      },
      subscribe(channels, listener) {
        const matches = Array.isArray(channels)
          ? (channel: string) => channels.includes(channel)
          : (channel: string) => channel.startsWith(channels.pattern.slice(0, -1))
        subscriptions.push({ matches, listener })
      },
    },
    serve(to) {
      server = to
      send({ kind: 'ready' })
    },
    leave: () => send({ kind: 'leaving' }),
  }
}
