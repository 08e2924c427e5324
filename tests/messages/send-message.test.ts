import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inTransaction } from '#db/core/transaction.ts'
import { lockConversations } from '#db/queries/conversations.ts'
import { type StartedConversation, startTestApp, type TestApp } from '../support/app.ts'
import { untilLockWait } from '../support/lock-waits.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const text = '您好,我想咨询产品问题 👩‍👩‍👧‍👦 <b>&amp;</b> \u202Eright to left\n second line'
let number = 0
const send = (conversationId: number, content: string, clientMessageId = `m${++number}`) => ({
  conversationId,
  clientMessageId,
  content,
})

/** An assigned conversation with both sides subscribed. */
async function inProgress(): Promise<StartedConversation & { conversationId: number }> {
  const started = await app.startConversation()
  await started.agent.request('conversation:claim', { conversationId: started.conversationId })
  await started.agent.request('conversation:open', { conversationId: started.conversationId })
  return started
}

describe('message:send', () => {
  it('[MS1] [MS5] stores exactly what was sent, then acknowledges it and publishes it to both sides', async () => {
    const { customer, agent, conversationId } = await inProgress()
    const { message } = await customer.request('message:send', send(conversationId, text))
    expect(message).toMatchObject({ content: text, senderRole: 'customer', type: 'text', isRead: false })
    expect(await app.storedMessages(conversationId)).toEqual([
      expect.objectContaining({ id: message.id, seq: message.seq, content: text, createdAt: message.createdAt }),
    ])
    expect(await agent.next('message:created')).toEqual(message)
    expect(await customer.next('message:created')).toEqual(message)
  })

  it('[MS2] replies to a retried message with the stored one, also over HTTP and another connection', async () => {
    const { customer, customerAccount, agent, conversationId } = await inProgress()
    const sent = send(conversationId, 'once')
    const first = await customer.request('message:send', sent)
    const again = await customer.request('message:send', { ...sent, content: 'twice' })
    const other = await customerAccount.connect()
    const elsewhere = await other.request('message:send', sent)
    const { conversationId: _, ...body } = sent
    const overHttp = await customerAccount.call('POST', `/conversations/${conversationId}/messages`, body)
    expect(overHttp.status).toBe(200)
    for (const { message } of [again, elsewhere, overHttp.body as typeof first]) expect(message).toEqual(first.message)
    await customer.request('message:send', send(conversationId, 'after'))
    await agent.next('message:created', (message) => message.content === 'after')
    expect(agent.all('message:created').map((message) => message.content)).toEqual(['once', 'after'])
  })

  it('[DB64] stores a message while another conversation is locked by somebody else', async () => {
    const held = await inProgress()
    const other = await inProgress()
    const waiting = await inTransaction(app.db, async (trx) => {
      await lockConversations(trx, [held.conversationId])
      const reply = held.customer.request('message:send', send(held.conversationId, 'waits'))
      await untilLockWait(app.db)
      const { message } = await other.customer.request('message:send', send(other.conversationId, 'goes'))
      expect(message.content).toBe('goes')
      return { reply }
    })
    expect((await waiting.reply).message.content).toBe('waits')
  })

  it('[MS8] updates updatedAt at most once per second', async () => {
    const { customer, conversationId } = await inProgress()
    const setUpdated = (agoSeconds: number) =>
      app.db
        .updateTable('conversations')
        .set({ updated_at: sql<Date>`date_sub(current_timestamp(3), interval ${agoSeconds} second)` })
        .where('id', '=', conversationId)
        .execute()
    await setUpdated(60)
    const { message } = await customer.request('message:send', send(conversationId, 'after a minute'))
    const updatedAt = async () =>
      (await customer.request('conversation:open', { conversationId })).conversation.updatedAt
    expect(await updatedAt()).toBe(message.createdAt)
    await setUpdated(-60)
    const ahead = await updatedAt()
    await customer.request('message:send', send(conversationId, 'immediately'))
    expect(await updatedAt()).toBe(ahead)
  })

  it('[MS2] keeps the same client id of two senders apart', async () => {
    const { customer, agent, conversationId } = await inProgress()
    const ours = await customer.request('message:send', send(conversationId, 'mine', 'same'))
    const theirs = await agent.request('message:send', send(conversationId, 'theirs', 'same'))
    expect([ours.message.seq, theirs.message.seq]).toEqual([1, 2])
  })

  it('[MS3] [EV1] numbers pipelined messages in the order of sending, without gaps, and publishes them in that order', async () => {
    const { customer, agent, conversationId } = await inProgress()
    const sent = Array.from({ length: 20 }, (_, index) => send(conversationId, `line ${index}`))
    const replies = await Promise.all(sent.map((one) => customer.request('message:send', one)))
    expect(replies.map(({ message }) => message.seq)).toEqual(sent.map((_, index) => index + 1))
    await agent.next('message:created', (message) => message.seq === sent.length)
    expect(agent.all('message:created').map((message) => message.content)).toEqual(sent.map((one) => one.content))
  })

  it('[MS3] numbers messages that both sides send concurrently without gaps', async () => {
    const { customer, agent, conversationId } = await inProgress()
    await Promise.all(
      Array.from({ length: 15 }, (_, index) => [
        customer.request('message:send', send(conversationId, `c${index}`)),
        agent.request('message:send', send(conversationId, `a${index}`)),
      ]).flat(),
    )
    const stored = await app.storedMessages(conversationId)
    expect(stored.map((message) => message.seq)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    expect(new Set(stored.map((message) => message.version)).size).toBe(30)
  })

  it('[MS4] refuses an agent who is not assigned, in the queue too, and accepts an admin', async () => {
    const { customer, agent, conversationId } = await app.startConversation()
    expect(await agent.refused('message:send', send(conversationId, 'unclaimed'))).toBe('forbidden')
    await agent.request('conversation:claim', { conversationId })
    const colleague = await (await app.newAgent()).connect()
    const admin = await (await app.newAgent({ role: 'admin' })).connect()
    expect(await colleague.refused('message:send', send(conversationId, 'not mine'))).toBe('forbidden')
    await admin.request('message:send', send(conversationId, 'from above'))
    await agent.request('conversation:close', { conversationId })
    expect(await agent.refused('message:send', send(conversationId, 'too late'))).toBe('conversation_closed')
    await customer.next('message:created', (message) => message.senderRole === 'admin')
    expect((await app.storedMessages(conversationId)).map((message) => message.content)).toEqual(['from above'])
  })

  it('[MS5] refuses content that is empty, blank, too long, or could not be stored unchanged', async () => {
    const { customer, conversationId } = await app.startConversation()
    for (const content of ['', ' \n\t ', '\u3000', 'a\u0000b', '\ud800', `x${'\udc00'}`, '字'.repeat(4001)]) {
      expect(await customer.refused('message:send', send(conversationId, content))).toBe('invalid_request')
    }
    const longest = '𠮷'.repeat(4000)
    const { message } = await customer.request('message:send', send(conversationId, longest))
    expect(message.content).toBe(longest)
    expect((await app.storedMessages(conversationId)).map((one) => one.content)).toEqual([longest])
  })

  it('[MS6] [CB1] refuses a blocked customer until the block is lifted', async () => {
    const { customer, customerAccount, agent, conversationId } = await inProgress()
    await agent.request('customer:set-blocked', { customerId: customerAccount.id, blocked: true })
    expect(await customer.refused('message:send', send(conversationId, 'let me'))).toBe('forbidden')
    expect(await customer.refused('conversation:start', {})).toBe('forbidden')
    expect((await agent.request('conversation:open', { conversationId })).conversation.customer).toMatchObject({
      isBlocked: true,
    })
    await agent.request('customer:set-blocked', { customerId: customerAccount.id, blocked: false })
    await customer.request('message:send', send(conversationId, 'thank you'))
    const someone = await app.newAgent()
    expect(await agent.refused('customer:set-blocked', { customerId: someone.id, blocked: true })).toBe('not_found')
  })

  it('[CB2] publishes each conversation of a blocked customer to agents, closed ones too', async () => {
    const { customer, customerAccount, agent, conversationId } = await inProgress()
    await agent.request('conversation:close', { conversationId })
    const { conversation: other } = await customer.request('conversation:start', {
      message: { clientMessageId: 'other', content: 'hello' },
    })
    const colleague = await (await app.newAgent()).connect()
    await agent.request('customer:set-blocked', { customerId: customerAccount.id, blocked: true })
    for (const id of [conversationId, other.id]) {
      const event = await colleague.next(
        'conversation:updated',
        ({ conversation, change }) => conversation.id === id && change === 'customer',
      )
      expect(event).toMatchObject({ conversation: { customer: { isBlocked: true } } })
    }
  })

  it('[MS7] limits a fast sender and says how long to wait, without limiting others', async () => {
    const limited = await startTestApp({ rateLimits: true })
    try {
      const { customer, conversationId } = await limited.startConversation()
      const replies = await Promise.all(
        Array.from({ length: 25 }, (_, index) => customer.ask('message:send', send(conversationId, `fast ${index}`))),
      )
      const refused = replies.filter((reply) => !reply.ok)
      expect(refused.length).toBeGreaterThan(0)
      for (const reply of refused) {
        expect(reply).toMatchObject({ error: { code: 'rate_limited', retryable: true } })
        if (!reply.ok) expect(reply.error.details?.retryAfterMs).toBeGreaterThan(0)
      }
      const another = await limited.startConversation()
      await another.customer.request('message:send', send(another.conversationId, 'me too'))
    } finally {
      await limited.stop()
    }
  })
})
