// Customer actions that cost others something: starting, closing, renaming, and messages of maximum size.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Budget, Target } from '../attack.ts'
import { type Attack, attack, drill } from '../attack.ts'
import { call, logIn, newConversation, newCustomer, newCustomers, startConversation } from '../wire/accounts.ts'
import { repeatedly } from '../wire/raw-socket.ts'
import { openWebSocket, type RawWebSocket, type Reply } from '../wire/web-socket.ts'

/** Counts the reply to a request; false once the connection has ended. */
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
    // Each of them alerts agents, so few are enough.
    most: { 'conversation:start accepted': { burst: 60, perSecond: 1 } },
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
    most: { 'conversation:reopen accepted': { burst: 60, perSecond: 1 } },
    prepare: newConversation,
    run: (target, budget, { customer, conversationId }) =>
      onSockets(target, budget, Array(10).fill(customer.token), async (raw) => {
        await ask(budget, raw, 'conversation:close', { conversationId })
        await ask(budget, raw, 'conversation:reopen', { conversationId })
      }),
  }),
  attack({
    name: 'renames',
    ids: ['S7'],
    what: 'a customer with 200 conversations keeps changing the name',
    floor: { requests: 1 },
    // Each is published with every conversation of the customer.
    most: { renamed: { burst: 20, perSecond: 0.5 } },
    prepare: async (target) => {
      const customer = await newCustomer(target)
      const raw = await openWebSocket(target, { token: customer.token })
      // Closed ones count too: one limit is how many can exist, another how many are published.
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
        if (status === 200) {
          held = body.resumeToken as string
          budget.count('renamed')
        } else {
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
    // Refused or ignored, so none of it reaches the agents' list.
    most: { 'conversation:reopen accepted': { burst: 5, perSecond: 0 } },
    prepare: async (target) => {
      const conversation = await newConversation(target)
      const agent = await openWebSocket(target, { token: await logIn(target), from: target.address(2000) })
      await agent.request('conversation:claim', { conversationId: conversation.conversationId })
      const blocked = await agent.request('customer:set-blocked', {
        customerId: conversation.customer.id,
        blocked: true,
      })
      if (!blocked?.ok) throw new Error('the customer could not be blocked')
      agent.end()
      return conversation
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
    what: '30 customers send messages of 16 KB at the full rate',
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

/** Many customers with one address each: in one network, or all the same. */
type Spread = 'one customer' | 'one address' | 'one network'

interface Senders {
  tokens: string[]
  forwardedFor(index: number): string
}

async function createSenders(target: Target, spread: Spread): Promise<Senders> {
  const customers = await newCustomers(target, spread === 'one customer' ? 1 : 20)
  const network = `2001:db8:${target.random.between(1, 0xffff).toString(16)}`
  return {
    tokens: customers.map(({ token }) => token),
    forwardedFor: (index) => (spread === 'one network' ? `${network}:${index}::1` : `${network}::1`),
  }
}

interface ChangeDrill {
  budget: string
  count: number
  spread: Spread
  change: 'start' | 'close' | 'reopen'
}

/** Each customer starts, closes and reopens; the drill counts one of the three. */
const changeDrill = ({ budget, count, spread, change }: ChangeDrill): Attack =>
  drill<Senders>({
    budget,
    to: { count, windowMs: 600_000 },
    counts: `conversation:${change} accepted`,
    what: `customers (${spread}) ${change} conversations at the full rate`,
    prepare: (target) => createSenders(target, spread),
    run: (target, budget, { tokens, forwardedFor }) =>
      repeatedly(budget, tokens.length, async (index) => {
        const raw = await openWebSocket(target, { token: tokens[index] as string, forwardedFor: forwardedFor(index) })
        void budget.over.then(raw.end)
        while (raw.isOpen() && !budget.isOver()) {
          const reply = await ask(budget, raw, 'conversation:start', {})
          if (reply === null) break
          const conversationId = reply.ok ? (reply.data as { conversation: { id: number } }).conversation.id : null
          // A round counts each of them once.
          if (conversationId !== null) {
            if (change === 'reopen') {
              for (let n = 0; n < 5; n++) {
                await ask(budget, raw, 'conversation:close', { conversationId })
                await ask(budget, raw, 'conversation:reopen', { conversationId })
              }
            }
            await ask(budget, raw, 'conversation:close', { conversationId })
          } else await sleep(100)
        }
        raw.end()
      }),
  })

const renameDrill = (budget: string, count: number, spread: Spread): Attack =>
  drill({
    budget,
    to: { count, windowMs: 600_000 },
    counts: 'renamed',
    what: `customers (${spread}) change their names at the full rate`,
    prepare: async (target) => {
      const customers = await newCustomers(target, spread === 'one customer' ? 1 : 20)
      return { customers, network: `2001:db8:${target.random.between(1, 0xffff).toString(16)}` }
    },
    run: (target, budget, { customers, network }) =>
      repeatedly(budget, customers.length, async (index, n) => {
        const { token } = customers[index] as { token: string }
        const address = spread === 'one network' ? `${network}:${index}::1` : `${network}::1`
        const body = { token, name: `Name ${n}` }
        const options = { from: target.proxyAddress, headers: { 'x-forwarded-for': address } }
        const answer = await call(target, 'POST', '/widget/session', body, options)
        if (answer.status === 200) budget.count('renamed')
        else await sleep(100)
      }),
  })

const messageDrill = (budget: string, to: Record<string, number>, sender: 'customer' | 'agent'): Attack =>
  drill({
    budget,
    to,
    counts: 'message:send accepted',
    what: `one ${sender} sends each message after the previous reply`,
    prepare: async (target) => {
      const { conversationId, customer } = await newConversation(target)
      return { conversationId, token: sender === 'agent' ? await logIn(target) : customer.token }
    },
    run: (target, budget, { token, conversationId }) =>
      onSockets(target, budget, Array(4).fill(token), async (raw) => {
        await sendOne(budget, raw, conversationId, 'Hi')
      }),
  })

const bytesDrill = (budget: string, count: number, customers: number): Attack =>
  drill({
    budget,
    to: { count, windowMs: 600_000 },
    counts: 'bytes accepted',
    what: `${customers} customers behind one address send long messages`,
    prepare: (target) => newCustomers(target, customers),
    run: async (target, budget, all) => {
      const started = new Map<number, number>()
      await onSockets(
        target,
        budget,
        all.map(({ token }) => token),
        async (raw, index) => {
          const conversationId = started.get(index) ?? (await startConversation(raw))
          started.set(index, conversationId)
          if (await sendOne(budget, raw, conversationId, 'x'.repeat(4_000))) budget.count('bytes accepted', 4_000)
        },
      )
    },
  })

const linesDrill = (budget: string, count: number, customers: number): Attack =>
  drill({
    budget,
    to: { count, windowMs: 60_000 },
    counts: 'log lines',
    // The server writes lines of its own.
    most: { burst: count + 15, perSecond: 1 },
    what: `${customers} customers make agent requests, each a line of the security log`,
    prepare: (target) => newCustomers(target, customers),
    run: (target, budget, all) =>
      onSockets(
        target,
        budget,
        all.map(({ token }) => token),
        async (raw) => {
          await ask(budget, raw, 'agent:list', {})
        },
      ),
  })

export const conversationDrills: Attack[] = [
  changeDrill({ budget: 'conversationStarts', count: 5, spread: 'one customer', change: 'start' }),
  changeDrill({ budget: 'conversationStartsPerAddress', count: 10, spread: 'one address', change: 'start' }),
  changeDrill({ budget: 'conversationStartsPerNetwork', count: 10, spread: 'one network', change: 'start' }),
  changeDrill({ budget: 'conversationCloses', count: 5, spread: 'one customer', change: 'close' }),
  changeDrill({ budget: 'conversationClosesPerAddress', count: 10, spread: 'one address', change: 'close' }),
  changeDrill({ budget: 'conversationClosesPerNetwork', count: 10, spread: 'one network', change: 'close' }),
  changeDrill({ budget: 'conversationReopens', count: 3, spread: 'one customer', change: 'reopen' }),
  changeDrill({ budget: 'conversationReopensPerAddress', count: 10, spread: 'one address', change: 'reopen' }),
  changeDrill({ budget: 'conversationReopensPerNetwork', count: 10, spread: 'one network', change: 'reopen' }),
  renameDrill('renames', 3, 'one customer'),
  renameDrill('renamesPerAddress', 10, 'one address'),
  renameDrill('renamesPerNetwork', 10, 'one network'),
  // Both sides of the control pair send one per second.
  messageDrill('customerMessages', { count: 15, windowMs: 10_000 }, 'customer'),
  messageDrill('agentMessages', { count: 15, windowMs: 10_000 }, 'agent'),
  bytesDrill('messageBytesPerCustomer', 20_000, 1),
  bytesDrill('messageBytesPerAddress', 40_000, 10),
  linesDrill('refusalLogLines', 20, 10),
  linesDrill('logLinesPerActor', 5, 1),
]

async function sendOne(budget: Budget, raw: RawWebSocket, conversationId: number, content: string): Promise<boolean> {
  const clientMessageId = `m${Math.random().toString(36).slice(2)}`
  const reply = await ask(budget, raw, 'message:send', { conversationId, clientMessageId, content })
  // The request budget ends a connection that sends without pause; this drill tests another budget.
  if (reply && !reply.ok) await sleep(100)
  return reply?.ok === true
}
