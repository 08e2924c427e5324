// The pair of connections to Redis by which nodes hear from each other, made anew together whenever one of them fails or falls silent.
// Nothing here is waited for, throws or piles up: what cannot leave at once is dropped, for every node compares with the database.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type RedisClientType } from '@redis/client'
import type { Logger } from 'pino'
import { serverLimits } from '#protocol/limits/server.ts'
import { type Bus, type BusListener, createByteBudget } from './bus.ts'
import { createRefusedMessages } from './rejected-messages.ts'

/** Subscribe before the start. */
export interface Redis extends Bus {
  /** Connects, and again for ever whenever that is lost. */
  start(): void
  /** Whether Redis answered just now. */
  isUp(): boolean
  /** Lets what was published leave, then ends the connections. */
  stop(): Promise<void>
}

export function connectRedis(url: string, log: Logger): Redis {
  const subscriptions: Parameters<Redis['subscribe']>[] = []
  const stopping = new AbortController()
  let publisher: RedisClientType | null = null
  const allow = createByteBudget(serverLimits.busBufferBytes)
  const refused = createRefusedMessages(log, 'redis')

  function newClient(whenBroken: (error: unknown) => void): RedisClientType {
    const client: RedisClientType = createClient({
      url,
      disableOfflineQueue: true,
      maintNotifications: 'disabled',
      socket: { reconnectStrategy: false, connectTimeout: serverLimits.redisReplyMs },
    })
    return client.on('error', whenBroken)
  }

  /** Ends with an error, whatever happens. */
  async function connectOnce(onUp: () => void): Promise<never> {
    const broken = new AbortController()
    const pub = newClient((error) => broken.abort(error))
    const sub = newClient((error) => broken.abort(error))
    const signal = AbortSignal.any([broken.signal, stopping.signal])
    try {
      await soon(Promise.all([pub.connect(), sub.connect()]))
      await soon(Promise.all(subscriptions.map((subscription) => hear(sub, ...subscription))))
      publisher = pub
      onUp()
      for (;;) {
        await sleep(serverLimits.redisPingMs, undefined, { signal })
        await soon(Promise.all([pub.ping(), sub.ping()]))
      }
    } finally {
      publisher = null
      pub.destroy()
      sub.destroy()
    }
  }

  async function hear(sub: RedisClientType, ...[channels, listener]: Parameters<Redis['subscribe']>) {
    const heard: BusListener = async (message, channel) => {
      try {
        await listener(message, channel)
      } catch (error) {
        refused.note('failed', error)
      }
    }
    if (Array.isArray(channels)) await sub.subscribe(channels, heard, true)
    else await sub.pSubscribe(channels.pattern, heard, true)
  }

  async function stayConnected() {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      try {
        await connectOnce(() => {
          failures = 0
          log.info('hears other nodes through Redis')
        })
      } catch (error) {
        if (failures === 0 && !stopping.signal.aborted) {
          log.warn({ err: error }, 'Redis is away: what other nodes tell comes late until it is back')
        }
      }
      // Spread, so that many nodes do not come back at one moment.
      const pause = Math.min(serverLimits.redisRetryMs, 100 * 2 ** failures) * (0.5 + Math.random() / 2)
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  return {
    start: () => void stayConnected(),
    isUp: () => publisher !== null,
    publish(channel, message) {
      const gone = publisher && allow(Buffer.byteLength(message))
      if (gone) publisher?.publish(channel, message).then(gone, gone)
    },
    subscribe: (...subscription) => void subscriptions.push(subscription),
    async stop() {
      // Redis answers in order: once this is answered, all that was published before has left.
      if (publisher) await soon(publisher.ping()).catch(() => {})
      stopping.abort()
    },
  }
}

/** Rejects when this takes longer than serverLimits.redisReplyMs: a frozen Redis gives neither an answer nor an error. */
async function soon<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('Redis does not answer.')), serverLimits.redisReplyMs)
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer))
}
