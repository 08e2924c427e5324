import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loopback, startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function withMessages(count: number) {
  const started = await app.startConversation()
  const { customer, agent, conversationId } = started
  await agent.request('conversation:claim', { conversationId })
  await agent.request('conversation:open', { conversationId })
  for (let index = 1; index <= count; index++) {
    await customer.request('message:send', {
      conversationId,
      clientMessageId: `c${index}`,
      content: `question ${index}`,
    })
  }
  return started
}

describe('message:mark-read', () => {
  it('[MR1] [MR3] marks the customer side up to seq, publishes to both sides, and leaves updatedAt unchanged', async () => {
    const { customer, agent, agentAccount, conversationId } = await withMessages(3)
    const before = (await agent.request('conversation:open', { conversationId })).conversation
    expect(before.unread).toBe(3)
    const { receipt } = await agent.request('message:mark-read', { conversationId, seq: 2 })
    expect(receipt).toMatchObject({ conversationId, readerId: agentAccount.id, readerRole: 'agent', seq: 2 })
    expect(await customer.next('receipt:updated')).toEqual(receipt)
    const after = (await agent.request('conversation:open', { conversationId })).conversation
    expect(after).toMatchObject({ unread: 1, agentReadSeq: 2, updatedAt: before.updatedAt })
    expect(after.version).toBeGreaterThan(before.version)
    expect((await app.storedMessages(conversationId)).map((message) => message.isRead)).toEqual([true, true, false])
  })

  it('[MR1] never moves backwards or past the last message, and publishes only real progress', async () => {
    const { customer, agent, conversationId } = await withMessages(2)
    expect((await agent.request('message:mark-read', { conversationId, seq: 999 })).receipt.seq).toBe(2)
    expect((await agent.request('message:mark-read', { conversationId, seq: 1 })).receipt.seq).toBe(2)
    await agent.request('message:send', { conversationId, clientMessageId: 'a1', content: 'an answer' })
    await customer.next('message:created', (message) => message.senderRole === 'agent')
    expect(customer.all('receipt:updated').map((receipt) => receipt.seq)).toEqual([2])
  })

  it('[MR1] marks only messages of the other side', async () => {
    const { customer, agent, conversationId } = await withMessages(1)
    await agent.request('message:send', { conversationId, clientMessageId: 'a1', content: 'an answer' })
    await customer.request('message:mark-read', { conversationId, seq: 2 })
    expect((await app.storedMessages(conversationId)).map((message) => message.isRead)).toEqual([false, true])
    expect((await customer.request('conversation:open', { conversationId })).conversation).toMatchObject({
      unread: 0,
      customerReadSeq: 2,
      agentReadSeq: 0,
    })
  })

  it('[MR2] marks nothing for an agent or admin who is not a participant', async () => {
    const { agent, conversationId } = await withMessages(2)
    const colleague = await (await app.newAgent()).connect()
    const admin = await (await app.newAgent({ role: 'admin' })).connect()
    for (const onlooker of [colleague, admin]) {
      expect((await onlooker.request('message:mark-read', { conversationId, seq: 2 })).receipt.seq).toBe(0)
    }
    expect((await agent.request('conversation:open', { conversationId })).conversation.unread).toBe(2)
    await admin.request('message:send', { conversationId, clientMessageId: 'x', content: 'I take part' })
    expect((await admin.request('message:mark-read', { conversationId, seq: 2 })).receipt).toMatchObject({
      seq: 2,
      readerRole: 'admin',
    })
    expect((await agent.request('conversation:open', { conversationId })).conversation.unread).toBe(0)
  })
})

describe('message:list', () => {
  it('[ML1] pages backwards and forwards through the whole history', async () => {
    const { customer, conversationId } = await withMessages(7)
    const newest = await customer.request('message:list', { conversationId, limit: 3 })
    expect(newest.messages.map((message) => message.seq)).toEqual([5, 6, 7])
    expect(newest.hasMore).toBe(true)
    const older = await customer.request('message:list', { conversationId, limit: 3, beforeSeq: 5 })
    expect(older.messages.map((message) => message.seq)).toEqual([2, 3, 4])
    const oldest = await customer.request('message:list', { conversationId, limit: 3, beforeSeq: 2 })
    expect(oldest).toMatchObject({ messages: [{ seq: 1 }], hasMore: false })
    const following = await customer.request('message:list', { conversationId, limit: 3, afterSeq: 4 })
    expect(following).toMatchObject({ messages: [{ seq: 5 }, { seq: 6 }, { seq: 7 }], hasMore: false })
    expect(await customer.refused('message:list', { conversationId, beforeSeq: 3, afterSeq: 1 })).toBe(
      'invalid_request',
    )
  })

  it('[MR3] counts the remaining unread messages, whether the read or the unread part is longer', async () => {
    const { customer, agent, conversationId } = await withMessages(3)
    const say = (client: typeof customer, clientMessageId: string) =>
      client.request('message:send', { conversationId, clientMessageId, content: 'more' })
    await say(agent, 'a1')
    await say(customer, 'more1')
    await say(customer, 'more2')
    const unread: number[] = []
    for (const seq of [1, 4, 5, 6]) {
      await agent.request('message:mark-read', { conversationId, seq })
      unread.push((await agent.request('conversation:open', { conversationId })).conversation.unread)
    }
    expect(unread).toEqual([4, 2, 1, 0])
    await customer.request('message:mark-read', { conversationId, seq: 2 })
    expect((await customer.request('conversation:open', { conversationId })).conversation.unread).toBe(1)
  })

  it('[MR1] [MR4] writes and publishes only the newest of several receipts of one reader, and replies to all', async () => {
    const { customer, agent, agentAccount, conversationId } = await withMessages(3)
    const tab = await agentAccount.connect()
    const before = (await agent.request('conversation:open', { conversationId })).conversation.version
    const actor = {
      userId: agentAccount.id,
      role: 'agent',
      name: '',
      sessionId: 0,
      address: loopback,
      username: '',
    } as const
    const receipts = await Promise.all([2, 3, 1].map((seq) => app.receiptWriter.mark({ actor, conversationId, seq })))
    expect(receipts.map(({ seq }) => seq)).toEqual([3, 3, 3])
    const after = (await tab.request('conversation:open', { conversationId })).conversation
    expect(after).toMatchObject({ unread: 0, agentReadSeq: 3, version: before + 1 })
    await agent.request('message:send', { conversationId, clientMessageId: 'a1', content: 'an answer' })
    await customer.next('message:created', (message) => message.senderRole === 'agent')
    expect(customer.all('receipt:updated').map((receipt) => receipt.seq)).toEqual([3])
  })

  it('[MR4] one refused receipt does not affect the others of its batch', async () => {
    const { agentAccount, conversationId } = await withMessages(1)
    const stranger = await app.newCustomer()
    const reads = [
      { userId: stranger.id, role: 'customer', name: '', sessionId: 0, address: loopback, siteId: 0 } as const,
      { userId: agentAccount.id, role: 'agent', name: '', sessionId: 0, address: loopback, username: '' } as const,
    ].map((actor) => app.receiptWriter.mark({ actor, conversationId, seq: 1 }))
    expect(await Promise.allSettled(reads)).toMatchObject([
      { status: 'rejected', reason: { code: 'not_found' } },
      { status: 'fulfilled', value: { seq: 1 } },
    ])
  })
})
