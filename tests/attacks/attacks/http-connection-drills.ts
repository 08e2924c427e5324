// Drills for what an HTTP connection may hold or send before a request is served.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, drill, type Target } from '../attack.ts'
import { newConversation, sendMessages } from '../wire/accounts.ts'
import { ask, get, openTcp, post, repeatedly } from '../wire/raw-socket.ts'

const session = '/api/v1/widget/session'

/** Connections that send nothing; how many the server keeps at the same time. */
const idle = (budget: string, from: (target: Target, index: number) => string): Attack =>
  drill({
    budget,
    to: { concurrent: 20 },
    counts: 'idle at the same time',
    what: 'connections that send nothing',
    run: async (target, traffic) => {
      const sockets = await Promise.all(Array.from({ length: 60 }, (_, n) => openTcp(target, from(target, n))))
      for (const socket of sockets) socket.resume()
      await Promise.race([sleep(1_000), traffic.over])
      traffic.peak('idle at the same time', sockets.filter(({ closed }) => !closed).length)
      for (const socket of sockets) socket.destroy()
    },
  })

/** Calls of an address that has used up its violations; all its new connections wait for their turn. */
const paced = (budget: string, to: Record<string, number>, most: number, addresses: number): Attack => {
  const declared = drill({
    budget,
    to,
    counts: 'served',
    most: { burst: most, perSecond: 0 },
    what: 'addresses with violations open connections',
    run: async (target, traffic) => {
      for (let n = 0; n < addresses; n++) {
        const raw = await openTcp(target, target.address(n))
        raw.write(get(target, '/healthz').repeat(100))
        await new Promise((resolve) => raw.once('close', resolve).resume())
      }
      const calls = Array.from({ length: 60 }, async (_, n) => {
        const answer = await ask(target, get(target, '/healthz'), target.address(n % addresses))
        if (answer.includes(' 200 ')) traffic.count('served')
      })
      await Promise.all(calls)
    },
  })
  return {
    ...declared,
    lowered: {
      connectionsOfViolators: { count: 10, windowMs: 1_000 },
      ...declared.lowered,
      violationsPerAddress: { count: 1, windowMs: 600_000 },
    },
  }
}

interface Talk {
  token: string
  conversationId: number
}

/** Pages that one customer requests on many connections at the same moment. */
const pages = (budget: string): Attack => ({
  ...drill<Talk>({
    budget,
    to: { concurrent: 2 },
    counts: 'pages',
    most: { burst: 40, perSecond: 0 },
    what: 'a customer requests sixty pages at the same moment',
    prepare: async (target) => {
      const { customer, conversationId, socket } = await newConversation(target)
      await sendMessages(socket, conversationId, 18, '😀'.repeat(4_000))
      socket.end()
      return { token: customer.token, conversationId }
    },
    run: async (target, traffic, { token, conversationId }) => {
      const request = get(target, `/api/v1/conversations/${conversationId}/messages`, `Authorization: Bearer ${token}`)
      const answers = await Promise.all(Array.from({ length: 60 }, () => ask(target, request)))
      traffic.count('pages', answers.filter((answer) => answer.includes(' 200 ')).length)
      await traffic.over
    },
  }),
  lowered: { pageReadsPerPerson: { concurrent: 2 }, waitingPageReadsPerPerson: { concurrent: 2 } },
})

export const httpConnectionDrills: Attack[] = [
  idle('idleConnectionsPerAddress', (target) => target.address()),
  idle('idleConnections', (target, index) => target.address(index)),
  paced('connectionsOfViolators', { count: 5, windowMs: 600_000 }, 8, 1),
  paced('waitingConnectionsOfViolator', { concurrent: 5 }, 20, 1),
  paced('waitingConnectionsOfViolators', { concurrent: 5 }, 20, 60),
  pages('pageReadsPerPerson'),
  pages('waitingPageReadsPerPerson'),
  drill({
    budget: 'bodyChunks',
    to: { packets: 20 },
    counts: 'bodies taken',
    most: { burst: 0, perSecond: 0 },
    what: 'bodies arrive in chunks of one byte',
    run: (target, traffic) =>
      repeatedly(traffic, 1, async () => {
        const head = post(target, session, '').replace('Content-Length: 0', 'Transfer-Encoding: chunked')
        traffic.count('requests')
        const answer = await ask(target, `${head}${'1\r\n \r\n'.repeat(100)}2\r\n{}\r\n0\r\n\r\n`)
        if (answer.includes('HTTP/1.1 2')) traffic.count('bodies taken')
        await sleep(20)
      }),
  }),
  drill({
    budget: 'unknownSessionsPerAddress',
    to: { count: 10, windowMs: 600_000 },
    counts: 'answered as unknown',
    what: 'polling requests of sessions that do not exist',
    run: (target, traffic) =>
      repeatedly(traffic, 1, async () => {
        const answer = await ask(target, get(target, '/socket.io/?EIO=4&transport=polling&sid=none'))
        if (answer.includes('Session ID unknown')) traffic.count('answered as unknown')
        await sleep(10)
      }),
  }),
]
