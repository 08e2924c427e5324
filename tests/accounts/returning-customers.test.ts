// Many customers share one address. Resuming is never limited by the address; only new sessions count for it.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { type HttpReply, startTestApp, type TestAccount, type TestApp } from '../support/app.ts'

let app: TestApp
let now = Date.now()
beforeAll(async () => {
  app = await startTestApp({ rateLimits: true, now: () => now, env: { TRUSTED_PROXIES: '127.0.0.1' } })
})
afterAll(() => app.stop())

const session = (body: object, address = '203.0.113.1'): Promise<HttpReply> =>
  app.call('POST', '/widget/session', { site: app.siteKey, ...body }, { 'x-forwarded-for': address })
const replyOf = ({ body }: HttpReply) => body as WidgetSessionReply

async function countUsers(): Promise<number> {
  const { n } = await app.db
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}

/** Uses up this address's budget for new sessions. */
async function useUp(address: string): Promise<void> {
  for (let i = 0; i < budgets.sessionsPerAddress.count; i++) expect((await session({}, address)).status).toBe(200)
  expect((await session({}, address)).status).toBe(429)
}

describe('many customers behind one address', () => {
  it('[CS20] [F8] serves 500 returning customers with ten tabs each', {
    timeout: 240_000,
  }, async () => {
    const customers: TestAccount[] = []
    while (customers.length < 500) customers.push(await app.newCustomer())
    const tabs = Array.from({ length: 10 }, () => customers).flat()
    const answers = new Map<string, number>()
    const workers = Array.from({ length: 6 }, async () => {
      for (let tab = tabs.pop(); tab; tab = tabs.pop()) {
        let answer = await session({ token: tab.token }, '198.51.100.7')
        // A machine too slow for six concurrent requests replies so, and a client retries.
        while (answer.status === 503) answer = await session({ token: tab.token }, '198.51.100.7')
        const isSame = replyOf(answer).customer?.id === tab.id
        const what = isSame ? 'the same customer' : JSON.stringify(answer.body)
        answers.set(what, (answers.get(what) ?? 0) + 1)
      }
    })
    await Promise.all(workers)
    expect([...answers]).toEqual([['the same customer', 5_000]])
    // They consumed nothing of the budget for new sessions.
    await useUp('198.51.100.7')
  })

  it.each([90, 200])('[CS20] [CS6] [F8] serves all of %i page views a minute by returning customers', async (views) => {
    const address = `192.0.2.${views}`
    const tokens: string[] = []
    for (let i = 0; i < 20; i++) tokens.push(replyOf(await session({}, address)).resumeToken)
    await useUpRest(address)
    const before = await countUsers()
    for (let view = 0; view < 2 * views; view++) {
      const appearance = await app.call('GET', `/widget/sites/${app.siteKey}`, undefined, {
        'x-forwarded-for': address,
      })
      expect(appearance.status).toBe(200)
      const answer = await session({ resumeToken: tokens[view % tokens.length] }, address)
      expect(answer.status).toBe(200)
      tokens[view % tokens.length] = replyOf(answer).resumeToken
      now += 60_000 / views
    }
    expect(await countUsers()).toBe(before)
  })

  async function useUpRest(address: string): Promise<void> {
    for (let i = 20; i < budgets.sessionsPerAddress.count; i++) await session({}, address)
    expect((await session({}, address)).status).toBe(429)
  }

  it('[CS20] [F8] counts an invalid token as a new session and inserts nothing once the address has used its budget', async () => {
    await useUp('203.0.113.20')
    const before = await countUsers()
    const { resumeToken } = replyOf(await session({}, '203.0.113.21'))
    const [id] = resumeToken.split('.')
    const bad = [{ resumeToken: `${id}.${'A'.repeat(43)}` }, { resumeToken: 'rubbish' }, { token: 'a.b.c' }]
    for (const body of bad) {
      expect(await session(body, '203.0.113.20')).toMatchObject({
        status: 429,
        body: { error: { code: 'rate_limited', details: { retryAfterMs: expect.any(Number) } } },
      })
    }
    expect(await countUsers()).toBe(before + 1)
    expect((await session({ resumeToken }, '203.0.113.20')).status).toBe(200)
  })

  it('[CS20] limits attempts to resume before any lookup', async () => {
    for (let i = 0; i < budgets.continuationsPerAddress.count; i++)
      app.rates.count('continuationsPerAddress', '203.0.113.30')
    const { token, id } = await app.newCustomer()
    expect((await session({ token }, '203.0.113.30')).status).toBe(429)
    expect(replyOf(await session({ token }, '203.0.113.31')).customer.id).toBe(id)
  })

  it('[CS20] limits how often one customer resumes, without affecting others', async () => {
    const { token, id } = await app.newCustomer()
    const other = await app.newCustomer()
    for (let i = 0; i < budgets.sessionsPerCustomer.count; i++) app.rates.count('sessionsPerCustomer', id)
    expect((await session({ token }, '203.0.113.40')).status).toBe(429)
    expect((await session({ token: other.token }, '203.0.113.40')).status).toBe(200)
  })

  it('[CS20] blocks new sessions of an address with too many violations while returning customers resume', async () => {
    const { token } = await app.newCustomer()
    for (let i = 0; i < budgets.violationsPerAddress.count; i++) app.rates.count('violationsPerAddress', '203.0.113.50')
    expect((await session({}, '203.0.113.50')).status).toBe(429)
    expect((await session({ token }, '203.0.113.50')).status).toBe(200)
  })

  it('[CS6] [S11] counts all addresses of one /64 as one, and a /48 as at most ten', async () => {
    const { count } = budgets.sessionsPerAddress
    for (let i = 0; i < count; i++) expect((await session({}, `2001:db8:1:2::${i.toString(16)}`)).status).toBe(200)
    expect((await session({}, '2001:db8:1:2:ffff::1')).status).toBe(429)
    expect((await session({}, '2001:db8:1:3::1')).status).toBe(200)
    const rest = budgets.sessionsPerNetwork.count - count - 1
    for (let i = 0; i < rest; i++)
      expect((await session({}, `2001:db8:1:${(i + 16).toString(16)}::1`)).status).toBe(200)
    expect((await session({}, '2001:db8:1:fff0::1')).status).toBe(429)
    expect((await session({}, '2001:db8:2::1')).status).toBe(200)
  })
})

describe('new names and emails', () => {
  it('[CS21] [S7] are limited per customer; sending the same values again is free', async () => {
    const { token } = await app.newCustomer()
    const rename = (name: string) => session({ token, name }, '203.0.113.60')
    for (let i = 0; i < 3 * budgets.renames.count; i++) expect((await rename('Mei')).status).toBe(200)
    for (let i = 1; i < budgets.renames.count; i++) expect((await rename(`Mei ${i}`)).status).toBe(200)
    expect(await rename('Mei again')).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } })
    expect((await session({ token }, '203.0.113.60')).body).toMatchObject({ customer: { name: 'Mei 9' } })
  })

  it('[CS21] [S7] are limited per address, across customers', async () => {
    for (let i = 0; i < budgets.renamesPerAddress.count; i++) app.rates.count('renamesPerAddress', '203.0.113.61')
    const { token } = await app.newCustomer()
    expect((await session({ token, name: 'Mei' }, '203.0.113.61')).status).toBe(429)
    expect((await session({ token, name: 'Mei' }, '203.0.113.62')).status).toBe(200)
  })

  it('[CS21] [S7] are published to agents once for the conversations that are not closed', async () => {
    const { agent, customer, customerAccount, conversationId } = await app.startConversation({ message: 'hello' })
    await app.fillQueue(customerAccount.id, 60)
    const closed = { status: 'closed', closed_at: new Date(), queued_at: null, last_seq: 1 } as const
    await app.db
      .updateTable('conversations')
      .set(closed)
      .where('customer_id', '=', customerAccount.id)
      .where('id', '<>', conversationId)
      .execute()
    for (let i = 0; i < 5; i++) await session({ token: customerAccount.token, name: `Mei ${i}` }, '203.0.113.63')
    const update = await agent.next(
      'conversation:updated',
      ({ conversation }) => conversation.customer.name === 'Mei 4',
    )
    expect(update.conversation.id).toBe(conversationId)
    const ids = agent.all('conversation:updated').map(({ conversation }) => conversation.id)
    expect(new Set(ids)).toEqual(new Set([conversationId]))
    expect(ids.length).toBeLessThanOrEqual(5)
    customer.close()
  })
})
