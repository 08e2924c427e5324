// Session starts: engine.io handshakes, upgrades and Socket.IO connects, most of which never become a connection.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, type Budget, drill, type Target } from '../attack.ts'
import { ofRate } from '../bounds.ts'
import { logIn, newCustomer, newCustomers } from '../wire/accounts.ts'
import { closed, get, openTcp, pipeline, post, repeatedly } from '../wire/raw-socket.ts'
import { frame, openWebSocket, times, upgradeRequest } from '../wire/web-socket.ts'
import { floodFrames } from './control-frames.ts'

const polling = '/socket.io/?EIO=4&transport=polling'

/** One upgrade per connection, kept open for `keepMs`. */
async function upgrade(target: Target, budget: Budget, query: string | undefined, keepMs: number): Promise<void> {
  budget.count('connections')
  budget.count('requests')
  const socket = await openTcp(target, target.address())
  socket.on('data', (piece) => {
    if (piece.includes(' 101 ')) budget.count('upgrades')
    else if (piece.includes('HTTP/1.1 4') || piece.includes('HTTP/1.1 5')) budget.count('refusals')
  })
  socket.write(upgradeRequest(target, query))
  await Promise.race([closed(socket), sleep(keepMs), budget.over])
  if (socket.destroyed && !budget.isOver()) budget.count('cuts')
  socket.destroy()
}

export const handshakes: Attack[] = [
  attack({
    name: 'polling-handshakes',
    ids: ['S2'],
    what: '64 connections pipeline handshakes of polling sessions without a token',
    floor: { requests: 14_000 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 64,
        perWrite: 32,
        inFlight: 10_000,
        request: () => get(target, polling),
        onData: (text) => budget.count('sessions', text.split('"sid"').length - 1),
      }),
  }),
  attack({
    name: 'polling-handshakes-by-page',
    ids: ['S2'],
    what: 'handshakes with the browser headers of a page of another origin',
    floor: { requests: 500 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: (_, n) => get(target, `${polling}&t=${n}`, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'),
      }),
  }),
  attack({
    name: 'polling-handshakes-of-200',
    ids: ['S2'],
    what: '200 addresses alternate with handshakes of polling sessions',
    floor: { requests: 1_000 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 200,
        perWrite: 8,
        from: (index) => target.address(index),
        request: () => get(target, polling),
      }),
  }),
  attack({
    name: 'upgrade-storm',
    ids: ['S2', 'new'],
    what: '100 connections at a time upgrade to WebSocket and disconnect',
    floor: { connections: 100 },
    run: (target, budget) => repeatedly(budget, 100, () => upgrade(target, budget, undefined, 20)),
  }),
  attack({
    name: 'sessions-without-token',
    ids: ['S2', 'S29'],
    what: '2,000 WebSockets without a token stay as long as allowed',
    floor: { connections: 50 },
    run: (target, budget) => repeatedly(budget, 2_000, () => upgrade(target, budget, undefined, 60_000)),
  }),
  attack({
    name: 'upgrades-of-no-session',
    ids: ['S2', 'new'],
    what: 'upgrades of polling sessions that do not exist',
    floor: { connections: 100 },
    run: (target, budget) =>
      repeatedly(budget, 50, (_, n) => upgrade(target, budget, `EIO=4&transport=websocket&sid=none${n}`, 50)),
  }),
  attack({
    name: 'half-upgrades',
    ids: ['S2', 'new'],
    what: 'polling sessions that start an upgrade, ping and never finish it',
    floor: { connections: 20 },
    run: (target, budget) =>
      repeatedly(budget, 50, async () => {
        budget.count('connections', 2)
        budget.count('requests', 2)
        const first = await openTcp(target, target.address())
        const answer = await new Promise<string>((resolve, reject) => {
          first.once('data', (piece) => resolve(piece.toString('latin1')))
          first.once('close', () => reject(new Error('closed')))
          first.write(get(target, polling))
        }).finally(() => first.destroy())
        const sid = /"sid":"([^"]+)"/.exec(answer)?.[1]
        if (sid === undefined) {
          budget.count('refusals')
          return await sleep(5)
        }
        const second = await openTcp(target, target.address())
        second.write(upgradeRequest(target, `EIO=4&transport=websocket&sid=${sid}`))
        await sleep(20)
        const probe = times(200, frame('text', '2probe'))
        for (let n = 0; n < 50 && !second.destroyed && !budget.isOver(); n++) {
          budget.count('requests', 200)
          second.write(probe)
          await sleep(10)
        }
        if (second.destroyed) budget.count('cuts')
        second.destroy()
      }),
  }),
  attack({
    name: 'wrong-tokens',
    ids: ['S2', 'new'],
    what: 'CONNECT packets with wrong tokens, all on one WebSocket',
    floor: { requests: 1_000 },
    run: (target, budget) =>
      floodFrames(target, budget, {
        frames: times(200, frame('text', `40${JSON.stringify({ token: `a.${'b'.repeat(200)}.c` })}`)),
        count: 200,
      }),
  }),
  attack({
    name: 'connect-packets',
    ids: ['new'],
    what: 'CONNECT packets with a valid token, all on one WebSocket: connect, disconnect, connect',
    floor: { requests: 500 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      floodFrames(target, budget, {
        frames: times(100, Buffer.concat([frame('text', `40${JSON.stringify({ token })}`), frame('text', '41')])),
        count: 200,
      }),
  }),
  attack({
    name: 'namespaces',
    ids: ['new'],
    what: 'CONNECT packets to a thousand namespaces that do not exist',
    floor: { requests: 5_000 },
    run: (target, budget) => {
      const packets = Array.from({ length: 1_000 }, (_, n) => frame('text', `40/${n}-${'x'.repeat(50)},{}`))
      return floodFrames(target, budget, { connections: 2, frames: Buffer.concat(packets), count: 1_000 })
    },
  }),
  attack({
    name: 'binary-packets',
    ids: ['new'],
    what: 'a customer announces binary parts and never sends them, or sends unannounced ones',
    floor: { requests: 1_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) => {
      const part = Buffer.concat([
        frame('text', '451-["typing:set",{"_placeholder":true,"num":0}]'),
        frame('binary', Buffer.alloc(1_000)),
        frame('binary', Buffer.alloc(10)),
      ])
      return floodFrames(target, budget, { connections: 4, frames: times(20, part), count: 60, token })
    },
  }),
  attack({
    name: 'reconnects',
    ids: ['new'],
    what: 'five customers connect with valid tokens and disconnect, repeatedly',
    floor: { connections: 30 },
    prepare: (target) => newCustomers(target, 5),
    run: (target, budget, customers) =>
      repeatedly(budget, 20, async (index) => {
        budget.count('connections')
        const token = customers[index % 5]?.token as string
        const raw = await openWebSocket(target, { token }).catch((error: unknown) => {
          budget.count('refusals')
          throw error
        })
        budget.count('connected')
        raw.end()
      }),
  }),
  attack({
    name: 'connections-of-one-customer',
    ids: ['S4', 'new'],
    what: 'one customer keeps 400 connections open',
    floor: { connections: 5 },
    prepare: newCustomer,
    run: (target, budget, { token }) => keepOpen(target, budget, token, 400),
  }),
  attack({
    name: 'connection-churn',
    ids: ['new'],
    what: 'TCP connections are opened and reset',
    floor: { connections: 300 },
    run: (target, budget) =>
      repeatedly(budget, 50, async () => {
        budget.count('connections')
        const socket = await openTcp(target, target.address())
        socket.resetAndDestroy()
      }),
  }),
  attack({
    name: 'polling-tiny-packets',
    ids: ['S6'],
    what: 'a customer posts 14,000 tiny packets in one request of a polling session',
    floor: { bytes: 50_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 2, () =>
        withPollingSession(target, budget, token, async (send) => {
          const packets = Array.from({ length: 14_000 }, () => '42["a"]').join('\x1e')
          while (!budget.isOver() && (await send(packets))) budget.count('requests')
        }),
      ),
  }),
  attack({
    name: 'polling-slow-post',
    ids: ['new'],
    what: 'the body of a polling POST arrives one byte a second, on 100 sessions',
    floor: { connections: 2 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 100, () =>
        withPollingSession(target, budget, token, async (_, path) => {
          const socket = await openTcp(target, target.address())
          socket.write(
            `POST ${path} HTTP/1.1\r\nHost: ${target.host}\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n`,
          )
          while (!socket.destroyed && !budget.isOver()) {
            socket.write('4')
            budget.count('bytes')
            await Promise.race([sleep(1_000), budget.over])
          }
          if (!budget.isOver()) budget.count('cuts')
          socket.destroy()
        }),
      ),
  }),
]

type Send = (packets: string) => Promise<boolean>

/** Over one kept connection while the session lives; its token goes with each request. */
async function withPollingSession(
  target: Target,
  budget: Budget,
  token: string,
  work: (send: Send, path: string) => Promise<void>,
): Promise<void> {
  budget.count('connections')
  const socket = await openTcp(target, target.address())
  const ask = (text: string) =>
    new Promise<string>((resolve) => {
      const settle = (answer: string) => {
        clearTimeout(timer)
        socket.off('data', onData).off('close', onClose)
        resolve(answer)
      }
      const onData = (piece: Buffer) => settle(piece.toString('latin1'))
      const onClose = () => settle('')
      const timer = setTimeout(onClose, 20_000)
      socket.on('data', onData).on('close', onClose)
      socket.write(text)
      budget.count('bytes', text.length)
    })
  const plain = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\nAuthorization: Bearer ${token}\r\n` +
    `Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  try {
    const sid = /"sid":"([^"]+)"/.exec(await ask(get(target, polling)))?.[1]
    const path = `${polling}&sid=${sid}`
    const send: Send = async (packets) => (await ask(plain(path, packets))).includes(' 200 ')
    if (sid === undefined || !(await send(`40${JSON.stringify({ token })}`))) {
      budget.count('refusals')
      return await sleep(20)
    }
    await work(send, path)
    if (!budget.isOver()) budget.count('cuts')
  } finally {
    socket.destroy()
  }
}

/** Opens and keeps connections of one account; `open` is the maximum number at one time. */
async function keepOpen(target: Target, budget: Budget, token: string, count: number): Promise<void> {
  let open = 0
  let most = 0
  await repeatedly(budget, count, async () => {
    budget.count('connections')
    const raw = await openWebSocket(target, { token }).catch(async (error: unknown) => {
      budget.count('refusals')
      await sleep(200)
      throw error
    })
    open += 1
    if (open > most) {
      most = open
      budget.count('open')
    }
    await Promise.race([raw.closed, budget.over])
    open -= 1
    if (!budget.isOver()) budget.count('cuts')
    raw.end()
  })
}

/** WebSockets that connect with a wrong token, one after another. */
const wrongTokens = (budget: string, from: (target: Target, n: number) => string): Attack =>
  drill({
    budget,
    to: { count: 20, windowMs: 60_000 },
    counts: 'tokens looked at',
    what: 'WebSockets connect with a wrong token, as many as are accepted',
    run: (target, budget) =>
      repeatedly(budget, 10, async (_, n) => {
        budget.count('connections')
        const raw = await openWebSocket(target, { from: from(target, n) }).catch(async (error: unknown) => {
          budget.count('refusals')
          await sleep(20)
          throw error
        })
        const answered = new Promise<string>((resolve) => {
          raw.onText = (text) => text.startsWith('44') && resolve(text)
        })
        await raw.write(frame('text', '40{"token":"none"}'))
        const answer = await Promise.race([answered, raw.closed, budget.over])
        budget.count(answer?.includes('unauthorized') ? 'tokens looked at' : 'refusals')
        raw.end()
      }),
  })

/** Sessions that stay without a token. */
const pending = (budget: string, from: (target: Target, index: number) => string): Attack =>
  drill({
    budget,
    to: { concurrent: 10 },
    counts: 'open',
    what: 'WebSockets without a token stay as long as allowed',
    run: async (target, budget) => {
      let open = 0
      await repeatedly(budget, 40, async (index) => {
        const raw = await openWebSocket(target, { from: from(target, index) }).catch(async (error: unknown) => {
          await sleep(200)
          throw error
        })
        // A handshake over the budget may get a reply before the connection is closed.
        await Promise.race([raw.closed, sleep(100)])
        if (!raw.isOpen()) return
        open += 1
        budget.peak('open', open)
        await Promise.race([raw.closed, budget.over])
        open -= 1
        raw.end()
      })
    },
  })

/** Accepted connections that stay open. */
const tabs = (
  budget: string,
  who: 'customer' | 'agent' | 'customers',
  from: (target: Target, index: number) => string = (target) => target.address(),
): Attack =>
  drill({
    budget,
    to: { concurrent: 10 },
    counts: 'open',
    what: `${who === 'customers' ? '30 customers' : `one ${who}`} keep as many connections open as allowed`,
    prepare: async (target) =>
      who === 'agent'
        ? [await logIn(target)]
        : (await newCustomers(target, who === 'customer' ? 1 : 30)).map(({ token }) => token),
    run: async (target, budget, tokens) => {
      let open = 0
      await repeatedly(budget, 30, async (index) => {
        const options = { token: tokens[index % tokens.length] as string, from: from(target, index) }
        const raw = await openWebSocket(target, options).catch(async (error: unknown) => {
          await sleep(200)
          throw error
        })
        open += 1
        budget.peak('open', open)
        await Promise.race([raw.closed, budget.over])
        open -= 1
        raw.end()
      })
    },
  })

export const handshakeDrills: Attack[] = [
  attack({
    name: 'anonymous-sessions',
    ids: ['S2'],
    isDrill: true,
    proves: ['sessionsPerAddress'],
    what: 'one address starts as many anonymous sessions as allowed',
    floor: { requests: 50 },
    most: { sessions: ofRate('sessionsPerAddress') },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 4,
        perWrite: 4,
        inFlight: 8,
        request: () => post(target, '/api/v1/widget/session', {}),
        onData: (text) => budget.count('sessions', text.split('"resumeToken"').length - 1),
      }),
  }),
  wrongTokens('handshakesPerAddress', (target) => target.address()),
  wrongTokens('handshakes', (target, n) => target.address(n % 200)),
  pending('pendingHandshakesPerAddress', (target) => target.address()),
  pending('pendingHandshakes', (target, index) => target.address(index)),
  tabs('connectionsPerCustomer', 'customer'),
  tabs('connectionsPerAgent', 'agent'),
  tabs('connectionsPerAddress', 'customers'),
  tabs('connections', 'customers', (target, index) => target.address(index)),
  drill({
    budget: 'handshakesPerUser',
    to: { count: 10, windowMs: 600_000 },
    counts: 'connected',
    what: 'one customer connects and disconnects as often as allowed',
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 2, async () => {
        const raw = await openWebSocket(target, { token }).catch(async (error: unknown) => {
          await sleep(50)
          throw error
        })
        budget.count('connected')
        raw.end()
      }),
  }),
  drill({
    budget: 'violationsPerAddress',
    to: { count: 3, windowMs: 600_000 },
    counts: 'cuts',
    what: 'one address floods a new connection whenever the previous one was closed',
    run: (target, budget) => floodFrames(target, budget, { frames: times(200, frame('ping')), count: 200 }),
  }),
  drill({
    budget: 'violationsPerUser',
    to: { count: 3, windowMs: 600_000 },
    counts: 'cuts',
    what: 'one customer does the same from many addresses',
    prepare: newCustomer,
    run: (target, budget, { token }) => {
      let n = 0
      const moving = { ...target, address: () => target.address(n++ % 200) }
      return floodFrames(moving, budget, { frames: times(200, frame('ping')), count: 200, token })
    },
  }),
]
