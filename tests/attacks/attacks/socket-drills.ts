// One drill per connection budget: it sends one frame at a time, waits for its reply, and counts the replies until the
// connection is ended.

import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, type Budget, type Drill, drill, type Target } from '../attack.ts'
import { newCustomer } from '../wire/accounts.ts'
import { openPolling, polling } from '../wire/polling.ts'
import { ask, get, openTcp, post, repeatedly } from '../wire/raw-socket.ts'
import { frame, openWebSocket, type RawWebSocket, times, upgradeRequest } from '../wire/web-socket.ts'

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

/** A drill of an address that has used up its violations: two floods of control frames, each cut off. */
function violatorDrill({ run, ...rest }: Pick<Drill<unknown>, 'budget' | 'to' | 'counts' | 'what' | 'run'>): Attack {
  const declared = drill({
    ...rest,
    async run(target, traffic, stage) {
      for (let flood = 0; flood < 2; flood++) {
        const raw = await openWebSocket(target)
        while (raw.isOpen() && !traffic.isOver()) await paused(raw, times(20, frame('ping')))
      }
      await run(target, traffic, stage)
    },
  })
  return { ...declared, lowered: { ...declared.lowered, violationsPerAddress: { count: 1, windowMs: 600_000 } } }
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
    to: { count: 400_000, windowMs: 600_000 },
    what: 'a customer sends requests of 50 KB',
    step: async (raw) => {
      await handled(raw, frame('text', `42["nothing","${'x'.repeat(50_000)}"]`))
      return 50_000
    },
  }),
  drill({
    budget: 'pendingConnectionBytes',
    to: { count: 5_000, windowMs: 600_000 },
    counts: 'bytes before a token',
    what: 'a WebSocket without a token sends packets of 1 KB',
    run: (target, traffic) =>
      repeatedly(traffic, 1, async () => {
        const raw = await openWebSocket(target)
        const packet = frame('text', `431["${'x'.repeat(1_000)}"]`)
        for (let sent = packet.length; raw.isOpen() && !traffic.isOver(); sent += packet.length) {
          await paused(raw, packet)
          if (raw.isOpen()) traffic.peak('bytes before a token', sent)
        }
        raw.end()
      }),
  }),
  drill({
    budget: 'messageFragments',
    to: { packets: 30 },
    counts: 'fragments of one message',
    what: 'a customer sends a message that never ends, in fragments',
    prepare: newCustomer,
    run: (target, traffic, { token }) =>
      repeatedly(traffic, 1, async () => {
        const raw = await openWebSocket(target, { token })
        await raw.write(frame('text', 'x', false))
        for (let count = 1; raw.isOpen() && !traffic.isOver(); count++) {
          traffic.peak('fragments of one message', count)
          await paused(raw, frame('continuation', 'x', false))
        }
        raw.end()
      }),
  }),
  drill({
    budget: 'postPackets',
    to: { packets: 5 },
    counts: 'bodies taken',
    most: { burst: 0, perSecond: 0 },
    what: 'polling requests bring ten packets each',
    run: (target, traffic) =>
      repeatedly(traffic, 1, async () => {
        const sid = await openPolling(target)
        traffic.count('requests')
        const answer = await ask(target, post(target, `${polling}&sid=${sid}`, Array(10).fill('6').join('\u001e')))
        if (answer.includes(' 200 ')) traffic.count('bodies taken')
      }),
  }),
  drill({
    budget: 'pendingHandshakesPerUser',
    to: { concurrent: 2 },
    counts: 'sessions',
    // Each pending one ends after five seconds.
    most: { burst: 4, perSecond: 0.5 },
    what: 'a customer begins sessions that never connect',
    prepare: newCustomer,
    run: (target, traffic, { token }) =>
      repeatedly(traffic, 1, async () => {
        const answer = await ask(target, get(target, polling, `Authorization: Bearer ${token}`))
        if (answer.includes('"sid"')) traffic.count('sessions')
        await sleep(20)
      }),
  }),
  violatorDrill({
    budget: 'pendingHandshakesOfViolator',
    to: { concurrent: 2 },
    counts: 'sessions at the same time',
    what: 'an address with violations opens WebSockets and never connects',
    async run(target, traffic) {
      const open = new Set<Socket>()
      await repeatedly(traffic, 1, async () => {
        const socket = await openTcp(target, target.address())
        socket.on('data', (piece) => piece.includes(' 101 ') && open.add(socket))
        socket.on('close', () => open.delete(socket))
        socket.write(upgradeRequest(target))
        await sleep(100)
        traffic.peak('sessions at the same time', open.size)
      })
    },
  }),
  violatorDrill({
    budget: 'handshakesOfViolator',
    to: { count: 5, windowMs: 600_000 },
    counts: 'sessions',
    what: 'an address with violations begins sessions again and again',
    run: (target, traffic) =>
      repeatedly(traffic, 1, async () => {
        if ((await ask(target, get(target, polling))).includes('"sid"')) traffic.count('sessions')
        await sleep(20)
      }),
  }),
]
