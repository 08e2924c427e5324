import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const first = { clientMessageId: 'first', content: '您好,我想咨询产品问题' }

describe('conversation:start', () => {
  it('[CV1] queues the conversation with its first message and publishes it to agents', async () => {
    const customer = await (await app.newCustomer()).connect()
    const agent = await (await app.newAgent()).connect()
    const page = { url: 'https://shop.example/tea?id=1', title: '山雾茶舍' }
    const { conversation, message } = await customer.request('conversation:start', {
      subject: 'Tea',
      page,
      message: first,
    })
    expect(conversation).toMatchObject({ status: 'open', agent: null, subject: 'Tea', lastSeq: 1, unread: 0 })
    expect(message).toMatchObject({ seq: 1, content: first.content })
    const created = await agent.next('conversation:created', (one) => one.conversation.id === conversation.id)
    expect(created.conversation).toMatchObject({ page, unread: 1, lastMessage: { content: first.content } })
    const { conversations } = await agent.request('conversation:list', { view: 'queue', limit: 100 })
    expect(conversations.map((one) => one.id)).toContain(conversation.id)
  })

  it('[CV1] subscribes the connection that starts it', async () => {
    const { customer, agent, conversationId } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const { message } = await agent.request('message:send', { conversationId, clientMessageId: 'a', content: 'hello' })
    expect(await customer.next('message:created')).toEqual(message)
  })

  it('[CV2] returns the same conversation and message when repeated, also concurrently', async () => {
    const customer = await (await app.newCustomer()).connect()
    const start = { clientConversationId: 'c-1', message: first }
    const replies = await Promise.all([1, 2, 3].map(() => customer.request('conversation:start', start)))
    expect(new Set(replies.map((reply) => reply.conversation.id)).size).toBe(1)
    expect(new Set(replies.map((reply) => reply.message?.id)).size).toBe(1)
    expect(await app.storedMessages(replies[0]?.conversation.id ?? 0)).toHaveLength(1)
  })

  it('[CV3] [T18] allows three unfinished conversations, also when starts race', async () => {
    const account = await app.newCustomer()
    const connections = await Promise.all([account.connect(), account.connect()])
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        (connections[index % 2] as (typeof connections)[0]).ask('conversation:start', {}),
      ),
    )
    expect(replies.filter((reply) => reply.ok)).toHaveLength(3)
    for (const reply of replies) if (!reply.ok) expect(reply.error.code).toBe('conflict')
    const [customer] = connections
    const { conversations } = await customer.request('conversation:list', {})
    await customer.request('conversation:close', { conversationId: conversations[0]?.id ?? 0 })
    await customer.request('conversation:start', {})
  })

  it('[CS9] publishes the name and email that the customer gives later', async () => {
    const { agent, customerAccount, conversationId } = await app.startConversation({ message: 'hello' })
    const body = { site: app.siteKey, token: customerAccount.token, name: '小明', email: 'ming@inbox.example' }
    expect((await app.call('POST', '/widget/session', body)).status).toBe(200)
    const update = await agent.next('conversation:updated', ({ change }) => change === 'customer')
    expect(update.conversation).toMatchObject({
      id: conversationId,
      customer: { name: '小明', email: 'ming@inbox.example' },
    })
  })

  it('[RQ4] is forbidden for agents', async () => {
    const agent = await (await app.newAgent()).connect()
    expect(await agent.refused('conversation:start', {})).toBe('forbidden')
  })
})
