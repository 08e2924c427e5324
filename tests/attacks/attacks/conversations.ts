// What customers do with conversations that costs others something: beginning, closing, renaming, and messages as large as they may be.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Budget, Target } from '../attack.ts'
import { type Attack, attack } from '../attack.ts'
import { ofRate } from '../bounds.ts'
import { call, logIn, newCustomer, newCustomers, newTalk, startConversation } from '../wire/accounts.ts'
import { repeatedly } from '../wire/raw-socket.ts'
import { openWebSocket, type RawWebSocket, type Reply } from '../wire/web-socket.ts'

/** A request whose answer is counted; false when the connection has ended. */
async function ask(budget: Budget, raw: RawWebSocket, name: string, payload: unknown): Promise<Reply | null> {
  budget.count('requests')
  const reply = await Promise.race([raw.request(name, payload), budget.over.then(() => null)])
  if (reply === null) {
    if (!budget.isOver()) budget.count('cuts')
  } else if (!reply.ok) {
    budget.count('refusals')
    await sleep(1)
  } else budget.count(`${name} accepted`)
  return reply
}

async function onSockets(
  target: Target,
  budget: Budget,
  tokens: readonly string[],
  work: (raw: RawWebSocket, index: number) => Promise<void>,
): Promise<void> {
  await repeatedly(budget, tokens.length, async (index) => {
    budget.count('connections')
    const raw = await openWebSocket(target, { token: tokens[index] as string }).catch((error: unknown) => {
      budget.count('refusals')
      throw error
    })
    void budget.over.then(raw.end)
    while (raw.isOpen() && !budget.isOver()) await work(raw, index)
    raw.end()
  })
}

export const conversationAttacks: Attack[] = [
  attack({
    name: 'start-and-close',
    ids: ['S7'],
    what: 'one customer starts and closes conversations on ten sockets',
    floor: { requests: 80 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      onSockets(target, budget, Array(10).fill(token), async (raw) => {
        const reply = await ask(budget, raw, 'conversation:start', {})
        if (!reply?.ok) return
        const { conversation } = reply.data as { conversation: { id: number } }
        await ask(budget, raw, 'conversation:close', { conversationId: conversation.id })
      }),
  }),
  attack({
    name: 'reopen-and-close',
    ids: ['S7'],
    what: 'one customer closes and reopens a conversation on ten sockets',
    floor: { requests: 80 },
    prepare: newTalk,
    run: (target, budget, { customer, conversationId }) =>
      onSockets(target, budget, Array(10).fill(customer.token), async (raw) => {
        await ask(budget, raw, 'conversation:close', { conversationId })
        await ask(budget, raw, 'conversation:reopen', { conversationId })
      }),
  }),
  attack({
    name: 'renames',
    ids: ['S7'],
    what: 'a customer with 200 conversations gives a new name again and again',
    floor: { requests: 1 },
    prepare: async (target) => {
      const customer = await newCustomer(target)
      const raw = await openWebSocket(target, { token: customer.token })
      // Closed ones count too: what is bounded is how many there may be, and which of them are published.
      for (let n = 0; n < 200; n++) {
        const reply = await raw.request('conversation:start', {})
        if (!reply?.ok) break
        const { conversation } = reply.data as { conversation: { id: number } }
        await raw.request('conversation:close', { conversationId: conversation.id })
      }
      raw.end()
      return customer
    },
    run: (target, budget, { token, resumeToken }) => {
      let held = resumeToken
      return repeatedly(budget, 1, async (_, n) => {
        budget.count('requests')
        const { status, body } = await call(target, 'POST', '/widget/session', {
          token,
          resumeToken: held,
          name: `${'N'.repeat(70)}${n}`,
        })
        if (status === 200) held = body.resumeToken as string
        else {
          budget.count('refusals')
          await sleep(20)
        }
      })
    },
  }),
  attack({
    name: 'blocked-typing',
    ids: ['S14'],
    what: 'a blocked customer types, reopens and closes',
    floor: { requests: 20 },
    // Refused or ignored, nothing of it reaches the agents' list.
    most: { 'conversation:reopen accepted': { burst: 5, perSecond: 0 } },
    prepare: async (target) => {
      const talk = await newTalk(target)
      const agent = await openWebSocket(target, { token: await logIn(target), from: target.address(2000) })
      await agent.request('conversation:claim', { conversationId: talk.conversationId })
      const blocked = await agent.request('customer:set-blocked', { customerId: talk.customer.id, blocked: true })
      if (!blocked?.ok) throw new Error('the customer could not be blocked')
      agent.end()
      return talk
    },
    run: (target, budget, { customer, conversationId }) =>
      onSockets(target, budget, Array(4).fill(customer.token), async (raw) => {
        await ask(budget, raw, 'typing:set', { conversationId, typing: true, preview: 'x'.repeat(500) })
        await ask(budget, raw, 'conversation:close', { conversationId })
        await ask(budget, raw, 'conversation:reopen', { conversationId })
      }),
  }),
  attack({
    name: 'large-messages',
    ids: ['S20'],
    what: '30 customers send messages of 16 KB as fast as they may',
    floor: { bytes: 200_000 },
    prepare: (target) => newCustomers(target, 30),
    run: async (target, budget, customers) => {
      const content = '😀'.repeat(4_000)
      const started = new Map<number, number>()
      await onSockets(
        target,
        budget,
        customers.map(({ token }) => token),
        async (raw, index) => {
          const conversationId = started.get(index) ?? (await startConversation(raw))
          started.set(index, conversationId)
          budget.count('bytes', 16_000)
          const clientMessageId = `m${Math.random().toString(36).slice(2)}`
          const reply = await ask(budget, raw, 'message:send', { conversationId, clientMessageId, content })
          if (reply && !reply.ok) await sleep(50)
        },
      )
    },
  }),
  attack({
    name: 'messages-from-many',
    ids: ['S20', 'new'],
    what: '60 customers send small messages, each at the full rate',
    floor: { requests: 50 },
    prepare: (target) => newCustomers(target, 60),
    run: async (target, budget, customers) => {
      const started = new Map<number, number>()
      await onSockets(
        target,
        budget,
        customers.map(({ token }) => token),
        async (raw, index) => {
          const conversationId = started.get(index) ?? (await startConversation(raw))
          started.set(index, conversationId)
          const clientMessageId = `m${Math.random().toString(36).slice(2)}`
          const reply = await ask(budget, raw, 'message:send', { conversationId, clientMessageId, content: 'Hi' })
          if (reply && !reply.ok) await sleep(200)
        },
      )
    },
  }),
]

export const conversationDrills: Attack[] = [
  attack({
    name: 'messages-of-one-customer',
    ids: ['S20'],
    isDrill: true,
    what: 'one customer sends messages as fast as they are answered',
    floor: { requests: 20 },
    most: { 'message:send accepted': ofRate('customerMessages') },
    prepare: newTalk,
    run: (target, budget, { customer, conversationId }) =>
      onSockets(target, budget, Array(4).fill(customer.token), (raw) => sendOne(budget, raw, conversationId)),
  }),
  attack({
    name: 'messages-of-one-agent',
    ids: ['S20'],
    isDrill: true,
    what: 'one agent sends messages as fast as they are answered',
    floor: { requests: 20 },
    most: { 'message:send accepted': ofRate('agentMessages') },
    prepare: async (target) => ({ ...(await newTalk(target)), token: await logIn(target) }),
    run: (target, budget, { token, conversationId }) =>
      onSockets(target, budget, Array(4).fill(token), (raw) => sendOne(budget, raw, conversationId)),
  }),
  attack({
    name: 'forbidden-requests',
    ids: ['S24'],
    isDrill: true,
    what: 'customers ask for what is for agents, each time a line of the security log',
    floor: { requests: 20 },
    most: { 'log lines': { ...ofRate('refusalLines'), burst: ofRate('refusalLines').burst + 20 } },
    prepare: (target) => newCustomers(target, 10),
    run: (target, budget, customers) =>
      onSockets(
        target,
        budget,
        customers.map(({ token }) => token),
        async (raw) => void (await ask(budget, raw, 'agent:list', {})),
      ),
  }),
]

async function sendOne(budget: Budget, raw: RawWebSocket, conversationId: number): Promise<void> {
  const clientMessageId = `m${Math.random().toString(36).slice(2)}`
  const reply = await ask(budget, raw, 'message:send', { conversationId, clientMessageId, content: 'Hi' })
  // A connection that goes on without a pause is ended for its requests, which is another budget.
  if (reply && !reply.ok) await sleep(100)
}
