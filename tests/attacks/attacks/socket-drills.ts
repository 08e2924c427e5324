// One drill per connection budget: it sends one frame at a time, waits for its reply, and counts the replies until the
// connection is ended.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, type Budget, drill, type Target } from '../attack.ts'
import { newCustomer } from '../wire/accounts.ts'
import { repeatedly } from '../wire/raw-socket.ts'
import { frame, openWebSocket, type RawWebSocket } from '../wire/web-socket.ts'

interface FrameDrill {
  budget: string
  to: Record<string, number>
  what: string
  /** One step; the drill counts its return value. */
  step(raw: RawWebSocket, token: string): Promise<number>
}

const frameDrill = ({ budget, to, what, step }: FrameDrill): Attack =>
  drill({
    budget,
    to,
    counts: 'on one connection',
    what,
    prepare: newCustomer,
    run: (target: Target, traffic: Budget, { token }) =>
      repeatedly(traffic, 1, async () => {
        const raw = await openWebSocket(target, { token }).catch(async (error: unknown) => {
          await sleep(100)
          throw error
        })
        for (let count = 0; raw.isOpen() && !traffic.isOver(); ) {
          const passed = await Promise.race([step(raw, token), traffic.over.then(() => 0)])
          if (!raw.isOpen()) break
          count += passed
          traffic.peak('on one connection', count)
        }
        raw.end()
      }),
  })

/** Resolves when the connection has received anything: by then the server has handled all earlier frames. */
async function handled(raw: RawWebSocket, frames: Buffer): Promise<void> {
  await raw.write(frames)
  await Promise.race([raw.request('nothing', {}), raw.closed])
}

/** Long enough for the server to end the connection, and far too short to refill a budget. */
async function paused(raw: RawWebSocket, frames: Buffer): Promise<void> {
  await raw.write(frames)
  await Promise.race([sleep(10), raw.closed])
}

export const socketDrills: Attack[] = [
  frameDrill({
    budget: 'controlFrames',
    to: { count: 20, windowMs: 600_000 },
    what: 'a customer sends pings, a hundred a second',
    step: (raw) => paused(raw, frame('ping')).then(() => 1),
  }),
  frameDrill({
    budget: 'connectionPackets',
    to: { count: 20, windowMs: 600_000 },
    what: 'a customer sends unsolicited acknowledgements',
    step: (raw) => paused(raw, frame('text', '439[{"ok":true}]')).then(() => 1),
  }),
  frameDrill({
    budget: 'refusedRequests',
    to: { count: 30, windowMs: 600_000 },
    what: 'a customer continues after refusals',
    step: async (raw) => ((await raw.request('nothing', {}))?.error?.code === 'rate_limited' ? 1 : 0),
  }),
  frameDrill({
    budget: 'connectsPerConnection',
    to: { count: 5, windowMs: 600_000 },
    what: 'a customer joins and leaves on the same connection',
    step: async (raw, token) => {
      const joined = new Promise<void>((resolve) => {
        raw.onText = (text) => text.startsWith('40') && resolve()
      })
      await raw.write(Buffer.concat([frame('text', '41'), frame('text', `40${JSON.stringify({ token })}`)]))
      await Promise.race([joined, raw.closed, sleep(1_000)])
      return 1
    },
  }),
  frameDrill({
    budget: 'connectionBytes',
    to: { bytes: 400_000, perMs: 600_000 },
    what: 'a customer sends requests of 50 KB',
    step: async (raw) => {
      await handled(raw, frame('text', `42["nothing","${'x'.repeat(50_000)}"]`))
      return 50_000
    },
  }),
]
