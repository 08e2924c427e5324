// Many well-behaved callers whom Kefu must not refuse: the counterpart of the attacks. They run like attacks, beside
// the same control pair.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, type Budget, type Target } from '../attack.ts'
import { type Customer, call, fetchPage, logIn, newConversation, newCustomers } from '../wire/accounts.ts'
import { openWebSocket, type RawWebSocket } from '../wire/web-socket.ts'

const none = { burst: 0, perSecond: 0 }

/** Nobody is refused, and everybody is served in time. */
const crowd = <Prepared>(declared: Omit<Attack<Prepared>, 'ids' | 'floor' | 'most'>): Attack =>
  attack<Prepared>({ ...declared, ids: ['F8'], isCrowd: true, floor: {}, most: { refused: none, unserved: none } })

/** Runs the whole list with limited concurrency. */
async function each<T>(list: readonly T[], concurrency: number, work: (item: T, index: number) => Promise<void>) {
  let next = 0
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < list.length) {
        const index = next++
        await work(list[index] as T, index)
      }
    }),
  )
}

async function isServed(budget: Budget, request: Promise<boolean>): Promise<boolean> {
  budget.count('requests')
  const isOk = await request.catch(() => false)
  if (!isOk) budget.count('refused')
  return isOk
}

/** All steps of a widget tab until it is connected. */
async function loadTab(target: Target, budget: Budget, customer: Customer): Promise<RawWebSocket | null> {
  const page = fetchPage(target, '/widget/?site=default').then(({ status }) => status === 200)
  if (!(await isServed(budget, page))) return null
  const session = call(target, 'POST', '/widget/session', { token: customer.token, resumeToken: customer.resumeToken })
  const resumed = session.then(({ status, body }) => {
    if (status !== 200 || (body.customer as { id: number }).id !== customer.id) return false
    Object.assign(customer, { token: body.token, resumeToken: body.resumeToken })
    return true
  })
  if (!(await isServed(budget, resumed))) return null
  let raw: RawWebSocket | null = null
  const opened = openWebSocket(target, { token: customer.token }).then((socket) => {
    raw = socket
    return true
  })
  return (await isServed(budget, opened)) ? raw : null
}

/** The number of connections that ended by themselves. */
const ended = (tabs: readonly (RawWebSocket | null)[]) => tabs.filter((tab) => tab !== null && !tab.isOpen()).length

export const crowds: readonly Attack[] = [
  crowd({
    name: 'office-of-500',
    what: '500 returning customers behind one address open ten tabs each, and half of them reload all of these',
    prepare: (target) => newCustomers(target, 500),
    run: async (target, budget, customers) => {
      budget.peak('unserved', customers.length)
      let left = customers.length
      const tabs: (RawWebSocket | null)[] = []
      await each(customers, 25, async (customer, index) => {
        for (let tab = 0; tab < 10 && !budget.isOver(); tab++) {
          const raw = await loadTab(target, budget, customer)
          if (index % 2 === 0) tabs.push(raw)
          else {
            raw?.end()
            tabs.push(await loadTab(target, budget, customer))
          }
        }
        if (!budget.isOver()) left -= 1
      })
      budget.count('unserved', left - customers.length)
      budget.count('refused', ended(tabs))
      for (const tab of tabs) tab?.end()
    },
  }),
  crowd({
    name: 'reload-storm',
    what: '30 customers behind one address reload twenty times each, as fast as the page loads',
    prepare: (target) => newCustomers(target, 30),
    run: (target, budget, customers) =>
      each(customers, 30, async (customer) => {
        for (let reload = 0; reload < 20; reload++) (await loadTab(target, budget, customer))?.end()
      }),
  }),
  crowd({
    name: 'page-views',
    what: '200 page views within a minute from one office, each with the loader, the frame and its files',
    prepare: async (target) => {
      const { text } = await fetchPage(target, '/widget/?site=default')
      return [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path as string)
    },
    run: (target, budget, files) => {
      const startedAt = performance.now()
      // Spread over a minute, or over the time left.
      const everyMs = (Math.min(60, budget.seconds - 5) * 1000) / 200
      return each(Array(200).fill(null), 10, async (_, view) => {
        await sleep(Math.max(0, startedAt + view * everyMs - performance.now()))
        for (const path of ['/kefu.js', '/api/v1/widget/sites/default', '/widget/?site=default', ...files]) {
          await isServed(
            budget,
            fetchPage(target, path).then(({ status }) => status === 200),
          )
        }
      })
    },
  }),
  crowd({
    name: 'slow-phone',
    what: 'an agent with 300 conversations reads at 30 KB a second, and opens all of them while customers write',
    prepare: async (target) => {
      const conversations = []
      for (const customer of await newCustomers(target, 100)) {
        const { socket, conversationId } = await newConversation(target, customer)
        const ids = [conversationId]
        for (const id of ['second', 'third']) {
          const message = { clientMessageId: id, content: 'Where is my tea? '.repeat(60) }
          const reply = await socket.request('conversation:start', { clientConversationId: id, message })
          if (reply?.ok) ids.push((reply.data as { conversation: { id: number } }).conversation.id)
        }
        conversations.push({ socket, ids })
      }
      const token = await logIn(target)
      const agent = await openWebSocket(target, { token })
      for (const conversationId of conversations.flatMap(({ ids }) => ids)) {
        while ((await agent.request('conversation:claim', { conversationId }))?.error?.code === 'rate_limited') {
          await sleep(200)
        }
      }
      agent.end()
      return { conversations, token }
    },
    run: async (target, budget, { conversations, token }) => {
      const phone = await openWebSocket(target, { token })
      phone.socket.on('data', (piece: Buffer) => {
        phone.socket.pause()
        setTimeout(() => phone.socket.resume(), piece.length / 30)
      })
      let isOpening = true
      const writing = (async () => {
        for (let n = 0; isOpening; n++) {
          const { socket, ids } = conversations[n % conversations.length] as (typeof conversations)[number]
          const payload = { conversationId: ids[0], clientMessageId: `w${n}`, content: 'Hello? '.repeat(20) }
          await isServed(
            budget,
            socket.request('message:send', payload).then((reply) => reply?.ok === true),
          )
          await sleep(200)
        }
      })()
      let cursor: string | null = null
      do {
        const payload = { view: 'mine', limit: 100, ...(cursor === null ? {} : { cursor }) }
        const reply: Awaited<ReturnType<RawWebSocket['request']>> = await phone.request('conversation:list', payload)
        await isServed(budget, Promise.resolve(reply?.ok === true))
        cursor = reply?.ok ? (reply.data as { nextCursor: string | null }).nextCursor : null
      } while (cursor !== null)
      for (const conversationId of conversations.flatMap(({ ids }) => ids)) {
        if (budget.isOver()) budget.count('unserved')
        else {
          const reply = await phone.request('conversation:open', { conversationId, limit: 50 })
          await isServed(budget, Promise.resolve(reply?.ok === true))
          await sleep(50)
        }
      }
      isOpening = false
      await writing
      budget.count('refused', ended([phone]))
      phone.end()
      for (const { socket } of conversations) socket.end()
    },
  }),
  openConversations(),
]

/** For attacks that come from the same address. */
function openConversations(): Attack {
  return crowd({
    name: 'open-conversations',
    what: "20 customers behind an attacker's address keep writing and reload sometimes",
    prepare: async (target) => {
      const customers = await newCustomers(target, 20)
      const conversations = []
      for (const customer of customers) {
        const { socket, conversationId } = await newConversation(target, customer)
        conversations.push({ customer, raw: socket as RawWebSocket | null, conversationId })
      }
      return conversations
    },
    run: async (target, budget, conversations) => {
      await each(conversations, conversations.length, async (conversation, index) => {
        await sleep(index * 50)
        for (let n = 0; !budget.isOver(); n++) {
          const payload = { conversationId: conversation.conversationId, clientMessageId: `w${n}`, content: 'Hello?' }
          const sent = (conversation.raw?.request('message:send', payload) ?? Promise.resolve(null)).then(
            (reply) => reply?.ok === true,
          )
          await isServed(budget, sent)
          await Promise.race([sleep(1_500), budget.over])
          if (n % 4 === 3 && !budget.isOver()) {
            conversation.raw?.end()
            conversation.raw = await loadTab(target, budget, conversation.customer)
          }
        }
      })
    },
  })
}
