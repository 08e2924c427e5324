// Drills for what customers and agents change: conversations, names, messages, and the log lines about their refusals.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, type Budget, drill, type Target } from '../attack.ts'
import { call, logIn, newConversation, newCustomers, startConversation } from '../wire/accounts.ts'
import { repeatedly } from '../wire/raw-socket.ts'
import { askOn, onSockets } from '../wire/requests.ts'
import { openWebSocket, type RawWebSocket } from '../wire/web-socket.ts'

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
          const reply = await askOn(budget, raw, 'conversation:start', {})
          if (reply === null) break
          const conversationId = reply.ok ? (reply.data as { conversation: { id: number } }).conversation.id : null
          // A round counts each of them once.
          if (conversationId !== null) {
            if (change === 'reopen') {
              for (let n = 0; n < 5; n++) {
                await askOn(budget, raw, 'conversation:close', { conversationId })
                await askOn(budget, raw, 'conversation:reopen', { conversationId })
              }
            }
            await askOn(budget, raw, 'conversation:close', { conversationId })
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
          await askOn(budget, raw, 'agent:list', {})
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
  const reply = await askOn(budget, raw, 'message:send', { conversationId, clientMessageId, content })
  // The request budget ends a connection that sends without pause; this drill tests another budget.
  if (reply && !reply.ok) await sleep(100)
  return reply?.ok === true
}
