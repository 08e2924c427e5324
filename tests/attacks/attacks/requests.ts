// Requests on accepted connections: floods with replies, and replies that nobody reads.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, type Budget, type Target } from '../attack.ts'
import { ofRate } from '../bounds.ts'
import { logIn, newConversation, newCustomer, newCustomers, sendMessages } from '../wire/accounts.ts'
import { closed, get, openTcp, repeatedly, write } from '../wire/raw-socket.ts'
import { frame, openWebSocket, times } from '../wire/web-socket.ts'
import { floodFrames } from './control-frames.ts'

/** Repeats one request as fast as the connection accepts it and counts successful replies as `accepted`. */
function floodRequests(
  target: Target,
  budget: Budget,
  { connections = 1, tokens, requests }: { connections?: number; tokens: string[]; requests: (n: number) => unknown[] },
): Promise<void> {
  let ack = 0
  return repeatedly(budget, connections, async (index) => {
    budget.count('connections')
    const raw = await openWebSocket(target, { token: tokens[index % tokens.length] as string }).catch((error) => {
      budget.count('refusals')
      throw error
    })
    void budget.over.then(raw.end)
    raw.onText = (text) => {
      if (text.startsWith('43')) budget.count(text.includes('"ok":true') ? 'accepted' : 'refusals')
    }
    while (raw.isOpen() && !budget.isOver()) {
      const frames = Buffer.concat(
        Array.from({ length: 50 }, () => frame('text', `42${ack}${JSON.stringify(requests(ack++))}`)),
      )
      budget.count('requests', 50)
      budget.count('bytes', frames.length)
      await raw.write(frames)
    }
    if (!budget.isOver()) budget.count('cuts')
    raw.end()
  })
}

const tiny = frame('text', '42["a"]')

async function longConversation(target: Target) {
  const conversation = await newConversation(target)
  const agent = await openWebSocket(target, { token: await logIn(target), from: target.address(2000) })
  await agent.request('conversation:claim', { conversationId: conversation.conversationId })
  await sendMessages(agent, conversation.conversationId, 100, '😀'.repeat(4_000))
  agent.end()
  conversation.socket.end()
  return { token: conversation.customer.token, conversationId: conversation.conversationId }
}

export const requestFloods: Attack[] = [
  attack({
    name: 'tiny-frames',
    ids: ['S6'],
    what: 'a customer floods one connection with frames of nine bytes',
    floor: { requests: 10_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) => floodFrames(target, budget, { frames: times(500, tiny), count: 500, token }),
  }),
  attack({
    name: 'tiny-frames-six',
    ids: ['S6'],
    what: 'six connections of one customer do the same',
    floor: { requests: 10_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      floodFrames(target, budget, { connections: 6, frames: times(500, tiny), count: 500, token }),
  }),
  attack({
    name: 'acknowledgements',
    ids: ['S6', 'new'],
    what: 'a customer sends endless unknown requests that expect a reply',
    floor: { requests: 5_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      floodRequests(target, budget, { connections: 2, tokens: [token], requests: () => ['nothing'] }),
  }),
  attack({
    name: 'typing',
    proves: ['connectionRequests'],
    ids: ['new'],
    what: 'a customer types, with previews of 500 characters, as fast as the connection accepts',
    floor: { requests: 1_000 },
    most: { accepted: ofRate('connectionRequests') },
    prepare: newConversation,
    run: (target, budget, { customer, conversationId }) =>
      floodRequests(target, budget, {
        tokens: [customer.token],
        requests: () => ['typing:set', { conversationId, typing: true, preview: 'x'.repeat(500) }],
      }),
  }),
  attack({
    name: 'receipts',
    ids: ['new'],
    what: 'a customer marks as read on ten connections without pause',
    floor: { requests: 1_000 },
    prepare: newConversation,
    run: (target, budget, { customer, conversationId }) =>
      floodRequests(target, budget, {
        connections: 10,
        tokens: [customer.token],
        requests: () => ['message:mark-read', { conversationId, seq: 1 }],
      }),
  }),
  attack({
    name: 'lists',
    ids: ['new'],
    what: 'twenty customers request lists and pages without pause',
    floor: { requests: 1_000 },
    prepare: async (target) => {
      const customers = await newCustomers(target, 20)
      for (const customer of customers) (await newConversation(target, customer)).socket.end()
      return customers.map(({ token }) => token)
    },
    run: (target, budget, tokens) =>
      floodRequests(target, budget, { connections: 20, tokens, requests: () => ['conversation:list', { limit: 100 }] }),
  }),
  attack({
    name: 'subscriptions',
    ids: ['new'],
    what: 'a customer opens and leaves conversations by id, most of them of others',
    floor: { requests: 1_000 },
    prepare: newConversation,
    run: (target, budget, { customer, conversationId }) =>
      floodRequests(target, budget, {
        connections: 4,
        tokens: [customer.token],
        requests: (n) =>
          n % 3 === 0
            ? ['conversation:open', { conversationId, limit: 100 }]
            : [n % 3 === 1 ? 'conversation:open' : 'conversation:leave', { conversationId: n }],
      }),
  }),
  attack({
    name: 'oversize-messages',
    ids: ['new'],
    what: 'a customer sends messages of 60 KB to 127 KB, each of them refused',
    floor: { bytes: 1_000_000 },
    prepare: newConversation,
    run: (target, budget, { customer, conversationId }) =>
      floodRequests(target, budget, {
        connections: 2,
        tokens: [customer.token],
        requests: (n) => [
          'message:send',
          { conversationId, clientMessageId: `m${n}`, content: 'x'.repeat(n % 2 === 0 ? 62_000 : 127_000) },
        ],
      }),
  }),
  attack({
    name: 'deep-json',
    ids: ['new'],
    what: 'payloads of 30,000 nested lists',
    floor: { bytes: 1_000_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      floodFrames(target, budget, {
        connections: 2,
        frames: frame('text', `421["typing:set",${'['.repeat(30_000)}${']'.repeat(30_000)}]`),
        count: 1,
        token,
      }),
  }),
  attack({
    name: 'many-keys',
    ids: ['new'],
    what: 'payloads of 6,000 keys',
    floor: { bytes: 1_000_000 },
    prepare: newCustomer,
    run: (target, budget, { token }) => {
      const payload = Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [`k${n}`, n]))
      return floodRequests(target, budget, { connections: 2, tokens: [token], requests: () => ['typing:set', payload] })
    },
  }),
  attack({
    name: 'pages-unread',
    ids: ['S4'],
    what: '130 connections of one customer request five pages of 1.6 MB and read none',
    floor: { connections: 5 },
    prepare: longConversation,
    run: (target, budget, { token, conversationId }) =>
      repeatedly(budget, 130, async () => {
        budget.count('connections')
        const raw = await openWebSocket(target, { token }).catch((error: unknown) => {
          budget.count('refusals')
          throw error
        })
        raw.stopReading()
        const ask = (ack: number) =>
          frame('text', `42${ack}${JSON.stringify(['conversation:open', { conversationId, limit: 100 }])}`)
        budget.count('requests', 5)
        await raw.write(Buffer.concat([1, 2, 3, 4, 5].map(ask)))
        await Promise.race([raw.closed, budget.over])
        if (!budget.isOver()) budget.count('cuts')
        raw.end()
      }),
  }),
  attack({
    name: 'pages-unread-http',
    ids: ['S4'],
    what: '130 HTTP connections request five pages of 1.6 MB and read none',
    floor: { connections: 5 },
    prepare: longConversation,
    run: (target, budget, { token, conversationId }) =>
      repeatedly(budget, 130, async (_, n) => {
        if (n > 0) await sleep(1_000)
        const path = `/api/v1/conversations/${conversationId}/messages?limit=100`
        await pipelineOnce(target, budget, 5, get(target, path, `Authorization: Bearer ${token}`))
      }),
  }),
]

/** Sends many requests on one connection and reads nothing, until the server ends it. */
async function pipelineOnce(target: Target, budget: Budget, count: number, request: string): Promise<void> {
  budget.count('connections')
  const socket = await openTcp(target, target.address())
  socket.pause()
  budget.count('requests', count)
  await write(socket, request.repeat(count))
  await Promise.race([closed(socket), budget.over])
  if (!budget.isOver()) budget.count('cuts')
  socket.destroy()
}
