import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoginReply, WidgetSessionReply } from '#protocol/http.ts'
import { ensureFirstAdmin } from '../../server/setup/first-admin.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, connectClient } from '../support/client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ env: { ADMIN_PASSWORD: 'correct horse battery' } })
  await ensureFirstAdmin(app)
})
afterAll(() => app.stop())

/** Names of the received events, without those of messages and reading, whose number varies. */
const receivedBy = (client: Client) =>
  client.received
    .map(({ event, data }) => ('change' in data ? `${event} ${data.change}` : event))
    .filter((name) => !/message$|read$|heads/.test(name))

describe('the whole job of a program', () => {
  it('[CN1] [EV1] [EV3] logs in, starts, claims, opens, sends both ways, marks read and closes, with exactly the events of PROTOCOL.md', async () => {
    const login = (await app.call('POST', '/auth/login', { username: 'admin', password: 'correct horse battery' }))
      .body as LoginReply
    const session = (await app.call('POST', '/widget/session', { site: app.siteKey, locale: 'zh-CN' }))
      .body as WidgetSessionReply
    const customer = await connectClient(app.url, session.token)
    const agent = await connectClient(app.url, login.token)
    // Nobody first, then the agent.
    await customer.next('availability:changed')
    await customer.next('availability:changed')

    const { conversation } = await customer.request('conversation:start', {
      clientConversationId: 'c1',
      message: { clientMessageId: 'm1', content: '您好,我想咨询产品问题' },
    })
    const conversationId = conversation.id
    await agent.next('conversation:created')
    await agent.request('conversation:claim', { conversationId })
    const opened = await agent.request('conversation:open', { conversationId })
    expect(opened.messages.map((message) => message.content)).toEqual(['您好,我想咨询产品问题'])
    await agent.request('message:mark-read', { conversationId, seq: 1 })
    await agent.request('typing:set', { conversationId, typing: true })
    await agent.request('message:send', { conversationId, clientMessageId: 'a1', content: '请问是哪一款?' })
    await customer.next('message:created', (message) => message.seq === 2)
    await customer.request('message:mark-read', { conversationId, seq: 2 })
    const closed = await agent.request('conversation:close', { conversationId })
    expect(closed.conversation).toMatchObject({
      status: 'closed',
      lastSeq: 2,
      customerReadSeq: 2,
      agentReadSeq: 1,
      unread: 0,
    })
    await customer.next('conversation:updated', ({ change }) => change === 'closed')
    await agent.next('conversation:updated', ({ change }) => change === 'closed')

    expect(receivedBy(customer)).toEqual([
      'epoch:changed',
      'availability:changed',
      'availability:changed',
      'conversation:created created',
      'message:created',
      'conversation:updated claimed',
      'receipt:updated',
      'typing:changed',
      'message:created',
      'receipt:updated',
      'conversation:updated closed',
    ])
    expect(receivedBy(agent)).toEqual([
      'epoch:changed',
      'agent:status-changed',
      'conversation:created created',
      'conversation:updated claimed',
      'receipt:updated',
      'message:created',
      'receipt:updated',
      'conversation:updated closed',
    ])
    agent.close()
    customer.close()
  })
})
