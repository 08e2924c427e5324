// Reconnecting after the server or the route to it was down and the browser got no network event.

import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { reconnectMs } from '../../client-web/shared/connection/backoff.ts'
import { createConnection } from '../../client-web/shared/connection/connection.ts'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'

test('[OB11] waits at most two seconds, five in a long outage, fifteen in the background, and at least 250 ms', () => {
  const bound = (tries: number, isSeen: boolean) => {
    const waits = Array.from({ length: 200 }, () => reconnectMs(tries, isSeen))
    return [Math.min(...waits), Math.max(...waits)] as const
  }
  for (let tries = 1; tries <= 100; tries++) {
    const step = 500 * 2 ** (tries - 1)
    for (const [isSeen, most] of [
      [true, tries <= 10 ? 2_000 : 5_000],
      [false, 15_000],
    ] as const) {
      const [least, longest] = bound(tries, isSeen)
      expect(longest).toBeLessThanOrEqual(Math.min(step, most))
      expect(longest).toBeGreaterThan(Math.min(step, most) * 0.8)
      expect(least).toBeGreaterThanOrEqual(Math.min(step, most) / 4)
    }
  }
})

test('[OB11] a user action triggers an immediate attempt, at most four per second', async () => {
  let attempts = 0
  const nobody = createServer((socket) => {
    attempts++
    socket.destroy()
  })
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve))
  const { port } = nobody.address() as { port: number }
  const connection = createConnection({
    url: `http://127.0.0.1:${port}`,
    getToken: () => ({ token: 'any', expiresAt: Date.now() + 600_000 }),
    renewToken: () => Promise.reject(RequestError.offline()),
    onUnauthorized: () => undefined,
  })
  onTestFinished(() => {
    connection.close()
    nobody.close()
  })
  const ask = () => expect(connection.request('conversation:list', {})).rejects.toMatchObject({ code: 'offline' })
  // From the fourth attempt on, timers are at least 500 ms apart, so an earlier attempt was requested.
  await expect.poll(() => attempts, { interval: 5 }).toBeGreaterThan(6)
  const from = { attempts, at: performance.now() }
  while (performance.now() - from.at < 2_000) {
    await ask()
    await sleep(10)
  }
  const made = attempts - from.attempts
  expect(made).toBeGreaterThan(6)
  expect(made).toBeLessThan(20)
})
