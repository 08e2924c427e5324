import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/** What another node does whose events are lost on the way: the database changes, and nobody here is told. */
async function changeUntold(conversationId: number, content: string) {
  const {
    last_seq: lastSeq,
    version,
    customer_id: customerId,
  } = await app.db
    .selectFrom('conversations')
    .select(['last_seq', 'version', 'customer_id'])
    .where('id', '=', conversationId)
    .executeTakeFirstOrThrow()
  await app.db
    .insertInto('messages')
    .values({
      conversation_id: conversationId,
      sender_id: customerId,
      seq: lastSeq + 1,
      client_message_id: `untold-${lastSeq}`,
      content,
      version: version + 1,
    })
    .execute()
  await app.db
    .updateTable('conversations')
    .set({ last_seq: lastSeq + 1, version: version + 1, changed_at: sql<Date>`current_timestamp(3)` })
    .where('id', '=', conversationId)
    .execute()
}

describe('the comparison with the database', () => {
  it('[CN7] tells what changed and was not told here, once, within ten seconds and with no further traffic', async () => {
    const { conversationId, customer, agent } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    await customer.next('conversation:updated', ({ change }) => change === 'claimed')
    const before = agent.all('conversation:updated').length
    const changedAt = performance.now()
    await changeUntold(conversationId, 'from the other node')
    const fits = ({ conversation }: { conversation: { lastSeq: number } }) => conversation.lastSeq === 1
    const [forAgent] = await Promise.all([
      agent.next('conversation:updated', fits),
      customer.next('conversation:updated', fits),
    ])
    expect(forAgent.conversation.lastMessage?.content).toBe('from the other node')
    // A second more, as a round takes its time on a busy machine.
    expect(performance.now() - changedAt).toBeLessThan(11_000)
    // Two more rounds look at the same rows again: the heads after them show that they have passed.
    await agent.request('conversation:open', { conversationId })
    await agent.next('conversation:heads')
    expect(agent.all('conversation:updated').length).toBe(before + 1)
  })

  it('[CN7] tells an agent status that another node changed', async () => {
    const watcher = await (await app.newAgent()).connect()
    const elsewhere = await app.newAgent()
    await app.db
      .insertInto('agent_status')
      .values({ agent_id: elsewhere.id, status: 'busy', last_seen: sql<Date>`current_timestamp(3)` })
      .execute()
    const told = await watcher.next('agent:status-changed', (one) => one.agentId === elsewhere.id)
    expect(told.status).toBe('busy')
  })

  it('[RQ8] answers unavailable in time when the database holds a request up, and does the work all the same', async () => {
    const { conversationId, customer } = await app.startConversation()
    const send = { conversationId, clientMessageId: 'held', content: 'held up' }
    const startedAt = performance.now()
    const reply = await app.db.transaction().execute(async (trx) => {
      await trx.selectFrom('conversations').select('id').where('id', '=', conversationId).forUpdate().execute()
      return customer.ask('message:send', send)
    })
    expect(reply).toMatchObject({ ok: false, error: { code: 'unavailable', retryable: true } })
    expect(performance.now() - startedAt).toBeLessThan(limits.responseMs + 600)
    const again = await customer.request('message:send', send)
    expect(again.message.seq).toBe(1)
    expect(await app.storedMessages(conversationId)).toHaveLength(1)
  })

  it('[RQ8] answers in time also what waits behind others of its connection, each from when it came', async () => {
    const { conversationId, customer } = await app.startConversation()
    await app.db.transaction().execute(async (trx) => {
      await trx.selectFrom('conversations').select('id').where('id', '=', conversationId).forUpdate().execute()
      const cameAt = performance.now()
      const replies = await Promise.all([
        customer.ask('conversation:close', { conversationId }),
        customer.ask('conversation:reopen', { conversationId }),
        customer.ask('conversation:list', {}),
      ])
      for (const reply of replies) expect(reply).toMatchObject({ ok: false, error: { code: 'unavailable' } })
      expect(performance.now() - cameAt).toBeLessThan(limits.responseMs + 600)
    })
    await expect.poll(async () => (await customer.ask('conversation:list', {})).ok).toBe(true)
  })
})
