// The people of a run: customers with a conversation each, and agents who follow all conversations.

import { setTimeout as sleep } from 'node:timers/promises'
import { startRelay } from '../support/relay.ts'
import { type Account, type AgentAccount, logIn, newCustomer, post } from './account.ts'
import { type ChaosClient, connectChaosClient } from './chaos-client.ts'
import { type Following, follow } from './follow.ts'
import type { Journal } from './journal.ts'
import { keepListing, type Listing } from './listing.ts'
import type { Random } from './random.ts'

export const adminPassword = 'correct horse battery'
export const agentPassword = 'staple in the tea'

/** A conversation and everyone who follows it. */
export interface Talk {
  conversationId: number
  customer: Following
  agents: Following[]
}

export interface People {
  all: ChaosClient[]
  agents: ChaosClient[]
  /** Their accounts. */
  accounts: AgentAccount[]
  talks: Talk[]
  listings: Listing[]
  close(): void
}

export interface PeopleOptions {
  urls: string[]
  customers: number
  agents: number
  journal: Journal
  random: Random
}

export async function gatherPeople({ urls, customers, agents, journal, random }: PeopleOptions): Promise<People> {
  const url = urls[0] as string
  const admin = await logIn(url, 'admin', adminPassword, journal)
  const all: ChaosClient[] = []

  /** Token renewal uses the same network link as the connection. */
  async function join(open: (url: string) => Promise<Account>): Promise<ChaosClient> {
    const first = all.length % urls.length
    const relay = await startRelay(...urls.slice(first), ...urls.slice(0, first))
    const client = connectChaosClient(await open(relay.url), relay, journal, random.fork())
    all.push(client)
    return client
  }

  const agentClients: ChaosClient[] = []
  const accounts: AgentAccount[] = []
  for (let n = 1; n <= agents; n++) {
    const body = { username: `agent${n}`, password: agentPassword, name: `Agent ${n}`, role: 'agent' }
    await post(url, '/users', body, { authorization: `Bearer ${admin.token()}` })
    const logInOver = async (relayUrl: string) => {
      const account = await logIn(relayUrl, `agent${n}`, agentPassword, journal)
      accounts.push(account)
      return account
    }
    agentClients.push(await join(logInOver))
  }
  const listings = agentClients.map(keepListing)

  const talks: Talk[] = []
  for (let n = 0; n < customers; n++) {
    const client = await join((relayUrl) => newCustomer(relayUrl, journal))
    const conversationId = await startConversation(client)
    const customer = follow(client, conversationId, journal)
    const following = agentClients.map((agent) => follow(agent, conversationId, journal))
    talks.push({ conversationId, customer, agents: following })
    await Promise.all([customer, ...following].map(({ opened }) => opened))
  }
  return {
    all,
    agents: agentClients,
    accounts,
    talks,
    listings,
    close() {
      for (const { customer, agents } of talks) for (const each of [customer, ...agents]) each.stop()
      for (const client of all) client.close()
    },
  }
}

async function startConversation(client: ChaosClient): Promise<number> {
  for (;;) {
    const started = await client.request('conversation:start', { clientConversationId: 'first' })
    if (started.kind === 'ok') return started.data.conversation.id
    await sleep(50)
  }
}
