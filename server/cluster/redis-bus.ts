// The bus over Redis: a publishing and a subscribing connection, reopened together when either fails or stops
// answering. A message that cannot be sent immediately is dropped, since every node reconciles with the database.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type RedisClientType } from '@redis/client'
import type { Logger } from 'pino'
import { readTlsOptions } from '#db/core/tls-options.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { type Bus, type BusListener, createByteBudget } from './bus.ts'
import { createRejectedMessages } from './rejected-messages.ts'

/** Call subscribe before start. */
export interface Redis extends Bus {
  /** Connects, and reconnects until stopped. */
  start(): void
  /** Whether Redis answered the last ping. */
  isUp(): boolean
  /** Flushes published messages, then closes the connections. */
  stop(): Promise<void>
}

export function connectRedis(url: string, log: Logger): Redis {
  const tls = tlsOf(url)
  const subscriptions: Parameters<Redis['subscribe']>[] = []
  const stopping = new AbortController()
  let publisher: RedisClientType | null = null
  const reserve = createByteBudget(serverLimits.busBufferBytes)
  const rejected = createRejectedMessages(log, 'redis')

  function newClient(onError: (error: unknown) => void): RedisClientType {
    const client: RedisClientType = createClient({
      url,
      disableOfflineQueue: true,
      maintNotifications: 'disabled',
      socket: { reconnectStrategy: false, connectTimeout: serverLimits.redisReplyMs, ...tls },
    })
    return client.on('error', onError)
  }

  /** Rejects when a connection fails or the bus stops. */
  async function connectOnce(onUp: () => void): Promise<never> {
    const broken = new AbortController()
    const pub = newClient((error) => broken.abort(error))
    const sub = newClient((error) => broken.abort(error))
    const signal = AbortSignal.any([broken.signal, stopping.signal])
    try {
      await withTimeout(Promise.all([pub.connect(), sub.connect()]))
      await withTimeout(Promise.all(subscriptions.map((subscription) => subscribeOn(sub, ...subscription))))
      publisher = pub
      onUp()
      for (;;) {
        await sleep(serverLimits.redisPingMs, undefined, { signal })
        await withTimeout(Promise.all([pub.ping(), sub.ping()]))
      }
    } finally {
      publisher = null
      pub.destroy()
      sub.destroy()
    }
  }

  async function subscribeOn(sub: RedisClientType, ...[channels, listener]: Parameters<Redis['subscribe']>) {
    const guarded: BusListener = async (message, channel) => {
      try {
        await listener(message, channel)
      } catch (error) {
        rejected.count('failed', error)
      }
    }
    if (Array.isArray(channels)) await sub.subscribe(channels, guarded, true)
    else await sub.pSubscribe(channels.pattern, guarded, true)
  }

  async function stayConnected() {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      try {
        await connectOnce(() => {
          failures = 0
          log.info('connected to Redis')
        })
      } catch (error) {
        if (failures === 0 && !stopping.signal.aborted) {
          log.warn({ err: error }, 'lost connection to Redis')
        }
      }
      // Jitter, so that many nodes do not reconnect at the same moment.
      const pause = Math.min(serverLimits.redisRetryMs, 100 * 2 ** failures) * (0.5 + Math.random() / 2)
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  return {
    start: () => void stayConnected(),
    isUp: () => publisher !== null,
    publish(channel, message) {
      const release = publisher && reserve(Buffer.byteLength(message))
      if (release) publisher?.publish(channel, message).then(release, release)
    },
    subscribe: (...subscription) => void subscriptions.push(subscription),
    async stop() {
      // Redis answers in order, so this reply comes after all earlier publishes.
      if (publisher) await withTimeout(publisher.ping()).catch(() => {})
      stopping.abort()
    },
  }
}

/** The client reads everything but the parameters from the URL. */
function tlsOf(url: string) {
  const { isVerified = true, ...files } = readTlsOptions(new URL(url).searchParams) ?? {}
  return { ...files, rejectUnauthorized: isVerified }
}

/** Rejects after serverLimits.redisReplyMs: a frozen Redis sends neither a reply nor an error. */
async function withTimeout<T>(reply: Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error('Redis did not answer in time.')), serverLimits.redisReplyMs)
  return Promise.race([reply, timeout.promise]).finally(() => clearTimeout(timer))
}
