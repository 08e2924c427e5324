// HTTP calls that are free to send: pipelined, with odd paths, slow, or with unread replies.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack } from '../attack.ts'
import { ofRate } from '../bounds.ts'
import { closed, get, openTcp, pipeline, post, repeatedly, write } from '../wire/raw-socket.ts'

export const httpFloods: Attack[] = [
  attack({
    name: 'paths-spelled-otherwise',
    ids: ['S8'],
    what: '16 connections pipeline /%61pi/… and absolute targets, which limits by path text miss',
    floor: { requests: 1_000 },
    most: { answered: ofRate('httpRequestsPerAddress') },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: (_, n) =>
          get(
            target,
            n % 2 === 0 ? '/%61pi/v1/widget/sites/default' : `http://${target.host}/api/v1/widget/sites/default`,
          ),
        onData: (text) => budget.count('answered', text.split('HTTP/1.1 200').length - 1),
      }),
  }),
  attack({
    name: 'readyz-and-widget',
    ids: ['S9'],
    what: '16 connections pipeline /readyz and /widget/?site=x',
    floor: { requests: 1_000 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: (_, n) => get(target, n % 2 === 0 ? '/readyz' : `/widget/?site=x${n % 50}`),
      }),
  }),
  attack({
    name: 'healthz',
    ids: ['S9', 'new'],
    what: '32 connections pipeline /healthz',
    floor: { requests: 2_000 },
    run: (target, budget) => pipeline(target, budget, { connections: 32, request: () => get(target, '/healthz') }),
  }),
  attack({
    name: 'not-found',
    proves: ['httpRequestsPerAddress'],
    ids: ['S9', 'new'],
    what: '16 connections pipeline paths that do not exist, in and outside of the API',
    floor: { requests: 1_000 },
    most: {
      answered: {
        burst: ofRate('httpRequestsPerAddress').burst,
        perSecond: ofRate('httpRequestsPerAddress').perSecond,
      },
    },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: (_, n) => get(target, n % 2 === 0 ? `/api/v1/nothing/${n}` : `/api/v1/conversations/${n}/messages`),
        onData: (text) => budget.count('answered', text.split(/HTTP\/1\.1 40[14]/).length - 1),
      }),
  }),
  attack({
    name: 'assets-unread',
    ids: ['S4', 'new'],
    what: '200 connections request the largest page files 50 times and read nothing',
    floor: { connections: 5 },
    run: (target, budget) =>
      repeatedly(budget, 200, async () => {
        budget.count('connections')
        const socket = await openTcp(target, target.address())
        socket.pause()
        budget.count('requests', 50)
        await write(socket, get(target, '/kefu.js').repeat(25) + get(target, '/demo/').repeat(25))
        await Promise.race([closed(socket), budget.over])
        if (!budget.isOver()) budget.count('cuts')
        socket.destroy()
      }),
  }),
  attack({
    name: 'ranges-and-etags',
    ids: ['new'],
    what: '16 connections pipeline Range, If-Range and If-None-Match of 1,000 entries',
    floor: { requests: 300 },
    run: (target, budget) => {
      const ranges = `bytes=${Array.from({ length: 500 }, (_, n) => `${n}-${n}`).join(',')}`
      const tags = Array.from({ length: 500 }, (_, n) => `"${n}"`).join(',')
      return pipeline(target, budget, {
        connections: 16,
        perWrite: 4,
        request: (_, n) =>
          get(target, '/kefu.js', n % 2 === 0 ? `Range: ${ranges}` : `If-None-Match: ${tags}`, `If-Range: "${n}"`),
      })
    },
  }),
  attack({
    name: 'many-headers',
    ids: ['new'],
    what: '16 connections send requests of 1,500 small headers',
    floor: { requests: 100 },
    run: (target, budget) => {
      const headers = Array.from({ length: 1_500 }, (_, n) => `x${n}: ${n}`)
      return pipeline(target, budget, {
        connections: 16,
        perWrite: 2,
        request: () => get(target, '/api/v1/setup', ...headers),
      })
    },
  }),
  attack({
    name: 'many-cookies',
    ids: ['new'],
    what: '16 connections send 15 KB of cookies, query and forwarding headers',
    floor: { requests: 200 },
    run: (target, budget) => {
      const cookies = Array.from({ length: 700 }, (_, n) => `c${n}=%41${n}`).join(';')
      const forwarded = Array.from({ length: 300 }, () => '::1').join(',')
      return pipeline(target, budget, {
        connections: 16,
        perWrite: 2,
        request: () => post(target, '/api/v1/auth/refresh', {}, `Cookie: ${cookies}`, `X-Forwarded-For: ${forwarded}`),
      })
    },
  }),
  attack({
    name: 'deep-json-http',
    ids: ['new'],
    what: '16 connections post JSON of 30,000 levels, 60 KB each',
    floor: { bytes: 1_000_000 },
    run: (target, budget) => {
      const deep = `{"name":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
      return pipeline(target, budget, {
        connections: 16,
        perWrite: 1,
        request: () => post(target, '/api/v1/widget/session', deep),
      })
    },
  }),
  attack({
    name: 'h2c-upgrades',
    ids: ['S21', 'new'],
    what: 'connections request h2c, other protocols and Expect: 100-continue',
    floor: { connections: 50 },
    run: (target, budget) =>
      repeatedly(budget, 50, async (_, n) => {
        budget.count('connections')
        budget.count('requests')
        const socket = await openTcp(target, target.address())
        socket.on('data', (piece) => {
          if (piece.includes('HTTP/1.1 429') || piece.includes('HTTP/1.1 503')) budget.count('refusals')
        })
        const how = n % 2 === 0 ? ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'] : ['Expect: 100-continue']
        socket.write(get(target, '/healthz', ...how))
        await Promise.race([closed(socket), sleep(100)])
        socket.destroy()
      }),
  }),
  attack({
    name: 'slow-headers',
    ids: ['new'],
    what: '1,000 connections send one byte of a header every second',
    floor: { connections: 20 },
    run: (target, budget) =>
      repeatedly(budget, 1_000, async () => {
        budget.count('connections')
        const socket = await openTcp(target, target.address())
        socket.write(`GET / HTTP/1.1\r\nHost: ${target.host}\r\nX-Slow: `)
        while (!socket.destroyed && !budget.isOver()) {
          socket.write('a')
          budget.count('bytes')
          await Promise.race([sleep(1_000), budget.over])
        }
        if (!budget.isOver()) budget.count('cuts')
        socket.destroy()
      }),
  }),
  attack({
    name: 'slow-bodies',
    ids: ['new'],
    what: '1,000 connections send one byte of a body every second',
    floor: { connections: 20 },
    run: (target, budget) =>
      repeatedly(budget, 1_000, async () => {
        budget.count('connections')
        const socket = await openTcp(target, target.address())
        socket.write(
          `POST /api/v1/widget/session HTTP/1.1\r\nHost: ${target.host}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"name":"`,
        )
        while (!socket.destroyed && !budget.isOver()) {
          socket.write('a')
          budget.count('bytes')
          await Promise.race([sleep(1_000), budget.over])
        }
        if (!budget.isOver()) budget.count('cuts')
        socket.destroy()
      }),
  }),
  attack({
    name: 'idle-connections',
    ids: ['new'],
    what: '3,000 TCP connections send nothing',
    floor: { connections: 100 },
    run: (target, budget) =>
      repeatedly(budget, 3_000, async () => {
        budget.count('connections')
        const socket = await openTcp(target, target.address())
        await Promise.race([closed(socket), budget.over])
        if (!budget.isOver()) budget.count('cuts')
        socket.destroy()
      }),
  }),
]
