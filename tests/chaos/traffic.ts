// What people do during a run: write, read, change conversations, and take new names. Each loop runs until the traffic
// stops.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosClient } from './chaos-client.ts'
import type { Following } from './follow.ts'
import type { Journal } from './journal.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import type { People, Talk } from './people.ts'
import type { Random } from './random.ts'
import { randomText } from './words.ts'

export interface Traffic {
  /** Stops new messages and requests. Outboxes continue to send. */
  stop(): void
  /** The number of messages without an acknowledgement. */
  unsent(): number
}

export interface TrafficOptions {
  people: People
  journal: Journal
  random: Random
  /** Longest pause between two messages of one sender, in milliseconds. */
  pauseMs: number
}

export function startTraffic({ people, journal, random, pauseMs }: TrafficOptions): Traffic {
  let isStopped = false
  const outboxes: Outbox[] = []

  async function write(outbox: Outbox, chance: Random, most: number, may: () => boolean) {
    outboxes.push(outbox)
    while (!isStopped) {
      if (outbox.size() < most && may()) outbox.add(randomText(chance))
      await sleep(chance.between(1, pauseMs))
    }
  }

  async function read(
    { client, view }: Pick<Following, 'client' | 'view'>,
    side: 'customer' | 'agent',
    chance: Random,
  ) {
    let asked = 0
    while (!isStopped) {
      await sleep(chance.between(300, 900))
      const isOthers = (role: string) => (role === 'customer') !== (side === 'customer')
      const seq = view.messages.findLast((message) => isOthers(message.senderRole))?.seq ?? 0
      const has = side === 'customer' || view.conversation?.agent?.id === client.account.id
      if (!has || seq <= asked) continue
      const outcome = await client.request('message:mark-read', { conversationId: view.conversationId, seq })
      if (outcome.kind !== 'ok') continue
      asked = seq
      journal.receipts.push({ conversationId: view.conversationId, side, seq: outcome.data.receipt.seq })
    }
  }

  for (const talk of people.talks) {
    const { conversationId, customer, agents } = talk
    void write(openOutbox(customer.client, conversationId, journal, 1), random.fork(), 1, () => true)
    void read(customer, 'customer', random.fork())
    for (const { client, view } of agents) {
      const hasIt = () => view.conversation?.agent?.id === client.account.id && view.conversation.status === 'pending'
      void write(openOutbox(client, conversationId, journal, 6), random.fork(), 6, hasIt)
      void read({ client, view }, 'agent', random.fork())
    }
    void (async () => {
      const chance = random.fork()
      while (!isStopped) {
        await makeNextChange(talk, journal, chance)
        await sleep(chance.between(500, 3000))
      }
    })()
  }

  for (const account of people.accounts) {
    const chance = random.fork()
    void (async () => {
      while (!isStopped) {
        await sleep(chance.between(1000, 4000))
        if (!isStopped) await account.rename(`Agent ${chance.between(1, 9999)}`).catch(() => undefined)
      }
    })()
  }

  return {
    stop() {
      isStopped = true
    },
    unsent: () => outboxes.reduce((sum, outbox) => sum + outbox.size(), 0),
  }
}

type Change = 'conversation:claim' | 'conversation:release' | 'conversation:close' | 'conversation:reopen'

/** Makes the next change of a conversation. All agents claim an open one at the same time. */
async function makeNextChange({ conversationId, agents }: Talk, journal: Journal, random: Random): Promise<void> {
  const conversation = agents[0]?.view.conversation
  if (!conversation) return
  const holder = agents.find(({ client }) => client.account.id === conversation.agent?.id)
  const ask = (client: ChaosClient, change: Change) => changeConversation(client, conversationId, change, journal)
  if (conversation.status === 'open') await Promise.all(agents.map(({ client }) => ask(client, 'conversation:claim')))
  else if (holder === undefined || random.next() < 0.5) return
  else if (conversation.status === 'closed') await ask(holder.client, 'conversation:reopen')
  else await ask(holder.client, random.pick(['conversation:release', 'conversation:close']))
}

async function changeConversation(client: ChaosClient, conversationId: number, change: Change, journal: Journal) {
  const outcome = await client.request(change, { conversationId })
  if (outcome.kind === 'refused') journal.count(`${change} refused: ${outcome.code}`)
  if (outcome.kind !== 'ok') return
  const { version, status, agent } = outcome.data.conversation
  journal.count(`${change} done`)
  const byAgentId = client.account.id
  journal.changes.push({ conversationId, change, byAgentId, version, status, agentId: agent?.id ?? null })
}
