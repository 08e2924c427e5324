import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const statusOf = async (client: Client, id: number) =>
  (await client.request('agent:list', {})).agents.find((agent) => agent.id === id)?.status

describe('agent status', () => {
  it("[AG1] follows the agent's choice while connected, and keeps that choice", async () => {
    const colleague = await (await app.newAgent()).connect()
    const account = await app.newAgent()
    expect(await statusOf(colleague, account.id)).toBe('offline')
    const agent = await account.connect()
    expect(await colleague.next('agent:status-changed', (one) => one.agentId === account.id)).toMatchObject({
      status: 'online',
    })
    const reply = await agent.request('agent:set-status', { status: 'busy' })
    expect(reply.agent).toMatchObject({ id: account.id, status: 'busy', openConversations: 0 })
    await colleague.next('agent:status-changed', (one) => one.agentId === account.id && one.status === 'busy')
    expect(await statusOf(colleague, account.id)).toBe('busy')
  })

  it("[AG1] [AG2] [AG3] survives a reload and a second tab, and turns offline after the last tab's grace period", async () => {
    const watcher = await (await app.newAgent()).connect()
    const account = await app.newAgent()
    const first = await account.connect()
    await watcher.next('agent:status-changed', (one) => one.agentId === account.id && one.status === 'online')
    await first.request('agent:set-status', { status: 'busy' })
    const second = await account.connect()
    first.close()
    await second.request('agent:list', {})
    second.close()
    const third = await account.connect()
    await third.request('agent:list', {})
    const closedAt = performance.now()
    third.close()
    await watcher.next('agent:status-changed', (one) => one.agentId === account.id && one.status === 'offline')
    const waited = performance.now() - closedAt
    expect(waited).toBeGreaterThan(serverLimits.presenceGraceMs - 500)
    const changes = watcher.all('agent:status-changed').filter((one) => one.agentId === account.id)
    expect(changes.map((one) => one.status)).toEqual(['online', 'busy', 'offline'])
    await account.connect()
    expect(
      await watcher.next('agent:status-changed', (one) => one.agentId === account.id && one.status === 'busy'),
    ).toBeDefined()
  })

  it('[AG4] turns offline when the lease of a dead node expires', async () => {
    const watcher = await (await app.newAgent()).connect()
    const account = await app.newAgent()
    const node = 'f'.repeat(32)
    await app.db
      .insertInto('nodes')
      .values({ id: node, label: 'gone', lease_until: sql<Date>`current_timestamp(3)` })
      .execute()
    await app.db.insertInto('agent_connections').values({ agent_id: account.id, node_id: node }).execute()
    await app.db.insertInto('agent_status').values({ agent_id: account.id, status: 'online' }).execute()
    const change = await watcher.next('agent:status-changed', (one) => one.agentId === account.id)
    expect(change.status).toBe('offline')
  })

  it('[AG5] lists every enabled agent with the number of assigned conversations', async () => {
    const { agent, agentAccount, conversationId } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const gone = await app.newAgent({ name: 'Gone' })
    await app.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', gone.id).execute()
    const { agents } = await agent.request('agent:list', {})
    expect(agents.find((one) => one.id === agentAccount.id)).toMatchObject({ openConversations: 1, role: 'agent' })
    expect(agents.map((one) => one.id)).not.toContain(gone.id)
    const customer = await (await app.newCustomer()).connect()
    expect(await customer.refused('agent:list', {})).toBe('forbidden')
  })
})

describe('availability', () => {
  it('[AG6] reports one change to customers when several agents connect concurrently', async () => {
    const shop = await startTestApp()
    try {
      const customer = await (await shop.newCustomer()).connect()
      const agents = await Promise.all([1, 2, 3].map(async () => (await shop.newAgent()).connect()))
      const choose = (status: 'online' | 'offline') =>
        Promise.all(agents.map((agent) => agent.request('agent:set-status', { status })))
      for (let round = 0; round < 5; round++) {
        await choose('offline')
        // Events published before a reply arrive before the reply to any later request.
        await customer.request('conversation:list', {})
        expect(customer.all('availability:changed').at(-1)).toEqual({ available: false })
        await choose('online')
        await customer.request('conversation:list', {})
        expect(customer.all('availability:changed').at(-1)).toEqual({ available: true })
      }
    } finally {
      await shop.stop()
    }
  })

  it('[AG6] reaches customers when they connect, when an agent arrives and when the last one leaves', async () => {
    const shop = await startTestApp()
    try {
      const customer = await (await shop.newCustomer()).connect()
      expect(await customer.next('availability:changed')).toEqual({ available: false })
      const account = await shop.newAgent()
      const agent = await account.connect()
      expect(await customer.next('availability:changed')).toEqual({ available: true })
      await agent.request('agent:set-status', { status: 'busy' })
      await agent.request('agent:set-status', { status: 'offline' })
      expect(await customer.next('availability:changed')).toEqual({ available: false })
      expect(customer.all('availability:changed')).toHaveLength(3)
      const later = await (await shop.newCustomer()).connect()
      expect(await later.next('availability:changed')).toEqual({ available: false })
    } finally {
      await shop.stop()
    }
  })
})
