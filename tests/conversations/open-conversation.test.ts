import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function withMessages(count: number) {
  const started = await app.startConversation()
  const { customer, agent, conversationId } = started
  await agent.request('conversation:claim', { conversationId })
  for (let index = 1; index <= count; index++) {
    await customer.request('message:send', { conversationId, clientMessageId: `c${index}`, content: `line ${index}` })
  }
  return started
}

describe('conversation:open and conversation:leave', () => {
  it('[CV4] [EV3] sends later events to the connection that opened it, and to no other', async () => {
    const { customer, agent, conversationId } = await withMessages(1)
    const colleague = await (await app.newAgent()).connect()
    await agent.request('conversation:open', { conversationId })
    await customer.request('typing:set', { conversationId, typing: true })
    await customer.request('message:send', { conversationId, clientMessageId: 'next', content: 'next' })
    await agent.next('message:created', (message) => message.content === 'next')
    await agent.request('message:mark-read', { conversationId, seq: 2 })
    await colleague.next(
      'conversation:updated',
      ({ conversation }) => conversation.id === conversationId && conversation.agentReadSeq === 2,
    )
    expect(colleague.received.map((one) => one.event)).not.toContain('message:created')
    expect(colleague.received.map((one) => one.event)).not.toContain('receipt:updated')
    expect(colleague.received.map((one) => one.event)).not.toContain('typing:changed')
  })

  it('[CV4] misses nothing that is sent while it opens', async () => {
    const { customer, agent, conversationId } = await withMessages(1)
    const sends = Array.from({ length: 30 }, (_, index) =>
      customer.request('message:send', { conversationId, clientMessageId: `race${index}`, content: `race ${index}` }),
    )
    const { messages } = await agent.request('conversation:open', { conversationId, afterSeq: 0 })
    await Promise.all(sends)
    const last =
      (messages.at(-1)?.seq ?? 0) === 31 ? undefined : agent.next('message:created', (message) => message.seq === 31)
    await last
    const seen = new Set([...messages, ...agent.all('message:created')].map((message) => message.seq))
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 31 }, (_, index) => index + 1))
  })

  it('[CV5] returns the newest page, or the messages after a seq, page by page', async () => {
    const { agent, conversationId } = await withMessages(5)
    const seqs = (reply: { messages: { seq: number }[]; hasMore: boolean }) => [
      reply.messages.map((message) => message.seq),
      reply.hasMore,
    ]
    expect(seqs(await agent.request('conversation:open', { conversationId, limit: 2 }))).toEqual([[4, 5], true])
    expect(seqs(await agent.request('conversation:open', { conversationId, limit: 2, afterSeq: 1 }))).toEqual([
      [2, 3],
      true,
    ])
    expect(seqs(await agent.request('conversation:open', { conversationId, limit: 2, afterSeq: 3 }))).toEqual([
      [4, 5],
      false,
    ])
    const whole = await agent.request('conversation:open', { conversationId })
    expect(whole.conversation).toMatchObject({ lastSeq: 5, lastMessage: { seq: 5 } })
    const { version } = whole.conversation
    expect(
      seqs(await agent.request('conversation:open', { conversationId, afterSeq: 5, afterVersion: version })),
    ).toEqual([[], false])
    expect(
      seqs(await agent.request('conversation:open', { conversationId, afterSeq: 5, afterVersion: version - 1 })),
    ).toEqual([[5], false])
  })

  it('[CV5] returns changes page by page if they exceed a page, then new messages', async () => {
    const { agent, conversationId } = await withMessages(5)
    const { conversation } = await agent.request('conversation:open', { conversationId })
    await app.changeMessages(conversationId, 'changed')
    const pages: [number[], boolean][] = []
    for (let afterVersion = conversation.version, more = true; more && pages.length < 9; ) {
      const page = await agent.request('conversation:open', { conversationId, afterSeq: 4, afterVersion, limit: 2 })
      pages.push([page.messages.map((message) => message.seq), page.hasMore])
      const last = page.messages.at(-1)
      more = page.hasMore && (last?.seq ?? 0) <= 4
      afterVersion = last?.version ?? 0
    }
    expect(pages).toEqual([
      [[4, 3], true],
      [[2, 1, 5], false],
    ])
  })

  it('[CV6] sends no events after leaving', async () => {
    const { customer, agent, conversationId } = await withMessages(1)
    await agent.request('conversation:open', { conversationId })
    await agent.request('conversation:leave', { conversationId })
    await customer.request('message:send', { conversationId, clientMessageId: 'unseen', content: 'unseen' })
    await agent.next('conversation:updated', ({ conversation }) => conversation.lastSeq === 2)
    expect(agent.all('message:created')).toEqual([])
  })

  it('[TY1] sends typing to the other side, with a preview for agents alone', async () => {
    const { customer, customerAccount, agent, agentAccount, conversationId } = await withMessages(1)
    const secondTab = await customerAccount.connect()
    await secondTab.request('conversation:open', { conversationId })
    await agent.request('conversation:open', { conversationId })
    await customer.request('typing:set', { conversationId, typing: true, preview: 'I wonder' })
    expect(await agent.next('typing:changed')).toEqual({
      conversationId,
      userId: customerAccount.id,
      role: 'customer',
      typing: true,
      preview: 'I wonder',
    })
    await agent.request('typing:set', { conversationId, typing: true, preview: 'not yet' })
    expect(await customer.next('typing:changed')).toEqual({
      conversationId,
      userId: agentAccount.id,
      role: 'agent',
      typing: true,
    })
    await secondTab.next('typing:changed')
    expect(secondTab.all('typing:changed').map((one) => one.role)).toEqual(['agent'])
    expect(agent.all('typing:changed')).toHaveLength(1)
  })
})
