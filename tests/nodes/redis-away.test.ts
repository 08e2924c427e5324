import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { connectRedis } from '../../server/cluster/redis-bus.ts'
import { createLog } from '../../server/process/log.ts'
import { startTestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { findRedis } from '../support/programs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/server-process.ts'

/** All clients agree with the database this long after Redis is back, without further traffic. */
const equalAfterMs = 10_000

describe.skipIf(!findRedis())('Redis', () => {
  const faults: [string, (redis: RedisServer) => Promise<void>][] = [
    [
      'killed and started again, empty (F16, F17)',
      async (redis) => {
        redis.kill('SIGKILL')
        await sleep(2_500)
        await redis.startAgain()
      },
    ],
    [
      'frozen (F19)',
      async (redis) => {
        redis.kill('SIGSTOP')
        await sleep(3_500)
        redis.kill('SIGCONT')
      },
    ],
    [
      'emptied, and its subscribers dropped, time and again (F17, F18)',
      async (redis) => {
        for (let i = 0; i < 5; i++) {
          await redis.command('FLUSHALL')
          await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
          await sleep(300)
        }
      },
    ],
    [
      'losing all connections (F18)',
      async (redis) => {
        for (let i = 0; i < 5; i++) {
          await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
          await sleep(300)
        }
      },
    ],
  ]

  it.each(faults)(
    '[ND6] %s delays nobody on the same node, and missed events are published afterwards',
    async (_, doFault) => {
      const redis = await startRedis()
      const here = await startTestApp({ node: { redisUrl: redis.url } })
      const there = await startTestApp({ node: { redisUrl: redis.url, beside: here } })
      try {
        await until(() => here.redis?.isUp() === true && there.redis?.isUp() === true)
        const { customer, agent, agentAccount, conversationId } = await here.startConversation()
        await agent.request('conversation:open', { conversationId })
        const far = await there.connect(agentAccount)
        await far.request('conversation:open', { conversationId })

        const waits: number[] = []
        let sent = 0
        let isOver = false
        const sending = (async () => {
          // A message with a late reply may still be stored, and is retried.
          for (let isThere = true; !isOver || !isThere; ) {
            const from = performance.now()
            const reply = await customer.ask('message:send', {
              conversationId,
              clientMessageId: `m${sent + 1}`,
              content: 'on',
            })
            waits.push(performance.now() - from)
            isThere = reply.ok
            if (reply.ok) sent++
            else expect(reply.error.retryable).toBe(true)
            await sleep(20)
          }
        })()
        await sleep(200)
        await doFault(redis)
        isOver = true
        await sending
        const restedAt = performance.now()

        const seqs = (client: Client) => client.all('message:created').map(({ seq }) => seq)
        await agent.next('message:created', ({ seq }) => seq === sent)
        expect(seqs(agent)).toEqual(Array.from({ length: sent }, (_, i) => i + 1))
        expect(waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)]).toBeLessThan(2_000)
        expect(sent).toBeGreaterThan(5)
        expect(new Set(seqs(far)).size).toBe(seqs(far).length)

        const newest = (client: Client) => {
          const heads = client.all('conversation:heads').flatMap((event) => event.heads)
          const rows = client.all('conversation:updated').map((event) => event.conversation)
          return Math.max(0, ...[...heads, ...rows].map(({ lastSeq }) => lastSeq))
        }
        await until(() => newest(far) === sent)
        expect(performance.now() - restedAt).toBeLessThan(equalAfterMs)
        const { messages } = await far.request('message:list', { conversationId, afterSeq: sent - 1 })
        expect(messages.map(({ seq }) => seq)).toEqual([sent])
        await until(() => here.redis?.isUp() === true && there.redis?.isUp() === true)
        await customer.request('message:send', { conversationId, clientMessageId: 'last', content: 'quick again' })
        await far.next('message:created', ({ seq }) => seq === sent + 1)
      } finally {
        await there.stop()
        await here.stop()
        await redis.stop()
      }
    },
  )

  it('[ND6] missing at the start does not prevent the start, is logged, and is connected when it comes (F15)', async () => {
    const redis = await startRedis()
    redis.kill('SIGKILL')
    const here = await startTestApp({ node: { redisUrl: redis.url } })
    try {
      const { customer, agent, conversationId } = await here.startConversation()
      await agent.request('conversation:open', { conversationId })
      await customer.request('message:send', { conversationId, clientMessageId: 'm1', content: 'Anybody?' })
      await agent.next('message:created')
      const ready = async () => {
        const response = await fetch(`${here.url}/readyz`)
        const metrics = await (await fetch(`${here.url}/metrics`)).text()
        return [response.status, await response.json(), /^kefu_redis_up{.*} (\d)$/m.exec(metrics)?.[1]]
      }
      expect(await ready()).toEqual([200, { status: 'ready', redis: 'away', leaseAgeMs: expect.any(Number) }, '0'])
      await redis.startAgain()
      await until(() => here.redis?.isUp() === true)
      expect(await ready()).toEqual([200, { status: 'ready', redis: 'up', leaseAgeMs: expect.any(Number) }, '1'])
    } finally {
      await here.stop()
      await redis.stop()
    }
  })

  it('[ND6] frozen during a flood needs memory only up to the limit of the backlog', async () => {
    const redis = await startRedis()
    const link = connectRedis(redis.url, createLog('silent'))
    link.start()
    try {
      await until(() => link.isUp())
      redis.kill('SIGSTOP')
      const before = process.memoryUsage()
      const message = Buffer.alloc(64 * 1024, 'x')
      for (let i = 0; i < 4_000; i++) {
        link.publish('somewhere', message)
        if (i % 100 === 0) await sleep(1)
      }
      const { arrayBuffers, heapUsed } = process.memoryUsage()
      expect(arrayBuffers + heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(
        4 * serverLimits.busBufferBytes,
      )
      await until(() => !link.isUp())
      redis.kill('SIGCONT')
      await until(() => link.isUp())
    } finally {
      await link.stop()
      await redis.stop()
    }
  })
})
