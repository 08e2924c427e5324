// Customer actions that cost others something: starting, closing, renaming, and messages of maximum size.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack } from '../attack.ts'
import { call, logIn, newConversation, newCustomer, newCustomers, startConversation } from '../wire/accounts.ts'
import { repeatedly } from '../wire/raw-socket.ts'
import { askOn, onSockets } from '../wire/requests.ts'
import { openWebSocket } from '../wire/web-socket.ts'

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
        const reply = await askOn(budget, raw, 'conversation:start', {})
        if (!reply?.ok) return
        const { conversation } = reply.data as { conversation: { id: number } }
        await askOn(budget, raw, 'conversation:close', { conversationId: conversation.id })
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
        await askOn(budget, raw, 'conversation:close', { conversationId })
        await askOn(budget, raw, 'conversation:reopen', { conversationId })
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
        await askOn(budget, raw, 'typing:set', { conversationId, typing: true, preview: 'x'.repeat(500) })
        await askOn(budget, raw, 'conversation:close', { conversationId })
        await askOn(budget, raw, 'conversation:reopen', { conversationId })
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
          const reply = await askOn(budget, raw, 'message:send', { conversationId, clientMessageId, content })
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
          const reply = await askOn(budget, raw, 'message:send', { conversationId, clientMessageId, content: 'Hi' })
          if (reply && !reply.ok) await sleep(200)
        },
      )
    },
  }),
]
