// What a worker knows of the others and tells them, through the primary that started all of them. What is told in one turn of the event
// loop goes together.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { serverLimits } from '#protocol/limits/server.ts'
import { type Bus, createByteBudget } from '../bus.ts'
import { createRefusedMessages } from '../rejected-messages.ts'
import { asToWorker, type PublishedState, type Start, type ToPrimary } from './ipc-messages.ts'

export interface WorkerIpc extends Bus {
  /** Of this worker: from 1, the same for all that take its place. */
  number: number
  /** Of this worker: no two starts have the same. */
  id: number
  count: number
  /** How many serve just now. */
  ready(): number
  /** The path of a worker's private socket. */
  socketOf(id: number): string
}

export interface Joined {
  start: Start
  workerIpc: WorkerIpc
  /** From now on connections come to this server. */
  serve(server: Server): void
  /** No more of them. */
  leave(): void
}

/** Resolves when the primary has said with what to start. */
export async function joinWorkers(number: number, log: Logger): Promise<Joined> {
  const subscriptions: { fits: (channel: string) => boolean; listener: Parameters<Bus['subscribe']>[1] }[] = []
  const allow = createByteBudget(serverLimits.busBufferBytes)
  const refused = createRefusedMessages(log, 'worker')
  const started = Promise.withResolvers<Start>()
  let ready = 0
  let server: Server | undefined
  let batch: PublishedState[] = []
  let gone: (() => void)[] = []

  const say = (message: ToPrimary, then = () => {}) => void process.send?.(message, undefined, undefined, then)

  // Whoever is left without a primary has neither a port nor anybody who would end it.
  process.on('disconnect', () => process.exit(1))
  process.on('message', (said: unknown, socket?: Socket) => {
    const message = asToWorker(said)
    if (message === null) return refused.note('malformed')
    if (message.kind === 'start') started.resolve(message)
    if (message.kind === 'ready') ready = message.ready
    if (message.kind === 'told') for (const told of message.told) hear(told)
    if (message.kind !== 'connection') return
    // It is not there when it closed on the way.
    if (socket) server?.emit('connection', socket)
    say({ kind: 'took' })
  })

  async function hear([channel, message]: PublishedState) {
    for (const { fits, listener } of subscriptions) {
      try {
        if (fits(channel)) await listener(message, channel)
      } catch (error) {
        refused.note('failed', error)
      }
    }
  }

  function tell() {
    const left = gone
    say({ kind: 'tell', told: batch }, () => left.forEach((one) => void one()))
    batch = []
    gone = []
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
        const left = allow(bytes.length)
        if (left === null) return
        gone.push(left)
        if (batch.push([channel, bytes]) === 1) setImmediate(tell)
      },
      subscribe(channels, listener) {
        const fits = Array.isArray(channels)
          ? (channel: string) => channels.includes(channel)
          : (channel: string) => channel.startsWith(channels.pattern.slice(0, -1))
        subscriptions.push({ fits, listener })
      },
    },
    serve(to) {
      server = to
      say({ kind: 'ready' })
    },
    leave: () => say({ kind: 'leaving' }),
  }
}
