// Actions of a blocked customer reach nobody, in any request or call.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestName, RequestPayloads } from '#protocol/requests.ts'
import { requests } from '../../server/realtime/requests.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function blocked() {
  const started = await app.startConversation({ message: 'hello' })
  const { agent, customer, customerAccount, conversationId } = started
  await agent.request('conversation:open', { conversationId })
  await agent.request('conversation:claim', { conversationId })
  await agent.request('message:send', { conversationId, clientMessageId: 'a1', content: 'not any more' })
  await customer.next('message:created')
  const { conversation: closed } = await customer.request('conversation:start', {
    message: { clientMessageId: 'c', content: 'an older one' },
  })
  await customer.request('conversation:close', { conversationId: closed.id })
  // No earlier event is still in flight.
  const isLast = ({
    change,
    conversation: { id, lastSeq },
  }: {
    change: string
    conversation: { id: number; lastSeq: number }
  }) => change === 'message' && (id === closed.id || (id === conversationId && lastSeq === 2))
  for (let i = 0; i < 2; i++) await agent.next('conversation:updated', isLast)
  await agent.request('customer:set-blocked', { customerId: customerAccount.id, blocked: true })
  for (const id of [conversationId, closed.id]) {
    await agent.next(
      'conversation:updated',
      ({ change, conversation }) => change === 'customer' && conversation.id === id,
    )
  }
  return { ...started, closedId: closed.id }
}

type Outcome = 'forbidden' | 'ignored' | 'allowed'

/** The outcome of each request that a customer may make. */
const outcomes: {
  [N in RequestName]?: [Outcome, (ids: { open: number; closed: number; token: string }) => RequestPayloads[N]]
} = {
  'session:renew': ['allowed', ({ token }) => ({ token })],
  'conversation:start': ['forbidden', () => ({ message: { clientMessageId: 'n', content: 'another' } })],
  'conversation:open': ['allowed', ({ open }) => ({ conversationId: open })],
  'conversation:leave': ['allowed', ({ open }) => ({ conversationId: open })],
  'conversation:list': ['allowed', () => ({})],
  'conversation:close': ['forbidden', ({ open }) => ({ conversationId: open })],
  'conversation:reopen': ['forbidden', ({ closed }) => ({ conversationId: closed })],
  'message:send': ['forbidden', ({ open }) => ({ conversationId: open, clientMessageId: 'x', content: 'and yet' })],
  'message:list': ['allowed', ({ open }) => ({ conversationId: open })],
  'message:mark-read': ['ignored', ({ open }) => ({ conversationId: open, seq: 2 })],
  'typing:set': ['ignored', ({ open }) => ({ conversationId: open, typing: true, preview: 'read this' })],
}

describe('a blocked customer', () => {
  it('[CV23] [S14] is rejected or ignored in every request, and no agent gets an event', async () => {
    const { agent, customer, customerAccount, conversationId, closedId } = await blocked()
    const receivedBefore = agent.received.length
    const before = await app.db
      .selectFrom('conversations')
      .selectAll()
      .where('customer_id', '=', customerAccount.id)
      .execute()
    const ids = { open: conversationId, closed: closedId, token: app.renewedToken(customerAccount, 'customer') }
    for (const [name, [outcome, payload]] of Object.entries(outcomes)) {
      for (let i = 0; i < 3; i++) {
        const reply = await customer.ask(name as RequestName, payload(ids) as never)
        if (outcome === 'forbidden') expect(reply, name).toMatchObject({ ok: false, error: { code: 'forbidden' } })
        else expect(reply, name).toMatchObject({ ok: true })
      }
    }
    const marked = await customer.request('message:mark-read', { conversationId, seq: 2 })
    expect(marked.receipt.seq).toBe(0)
    // Everything published earlier has arrived by now.
    await agent.request('agent:set-status', { status: 'busy' })
    await agent.next('agent:status-changed', ({ status }) => status === 'busy')
    const received = agent.received
      .slice(receivedBefore)
      .filter(({ event }) => !['agent:status-changed', 'conversation:heads'].includes(event))
    expect(received).toEqual([])
    expect(
      await app.db.selectFrom('conversations').selectAll().where('customer_id', '=', customerAccount.id).execute(),
    ).toEqual(before)
  })

  it('[CV23] [S14] cannot change name or email, send messages or upload over HTTP', async () => {
    const { agent, customerAccount, conversationId } = await blocked()
    const receivedBefore = agent.received.length
    for (const name of ['One', 'Two']) {
      const answer = await app.call('POST', '/widget/session', {
        site: app.siteKey,
        token: customerAccount.token,
        name,
        email: 'new@inbox.example',
        locale: 'zh-CN',
      })
      expect(answer).toMatchObject({ status: 200, body: { customer: { name: `#${customerAccount.id}`, email: null } } })
    }
    const message = { clientMessageId: 'h', content: 'over HTTP' }
    expect((await customerAccount.call('POST', `/conversations/${conversationId}/messages`, message)).status).toBe(403)
    const form = new FormData()
    form.append('file', new Blob(['words'], { type: 'text/plain' }), 'words.txt')
    const upload = await fetch(`${app.url}/api/v1/attachments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${customerAccount.token}` },
      body: form,
    })
    expect(upload.status).toBe(403)
    await agent.request('agent:set-status', { status: 'busy' })
    await agent.next('agent:status-changed', ({ status }) => status === 'busy')
    expect(agent.received.slice(receivedBefore).filter(({ event }) => event.startsWith('conversation:up'))).toEqual([])
  })

  it('[CV23] has an outcome for every request that a customer may make', () => {
    const ofCustomers = Object.entries(requests).filter(([, entry]) => entry.roles.includes('customer'))
    expect(Object.keys(outcomes).sort()).toEqual(ofCustomers.map(([name]) => name).sort())
  })
})
