// Pages that one person reads at the same time: bounded over all connections and calls, and nobody else waits.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { createPageReads } from '../../server/budgets/page-reads.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ rateLimits: true })
})
afterAll(() => app.stop())

const { concurrent } = budgets.pageReadsPerPerson

/** Takes every turn of a person until the returned function is called. */
async function occupy(userId: number): Promise<() => Promise<unknown>> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const reads = Array.from({ length: concurrent }, () => app.pageReads.run(userId, () => promise))
  return () => {
    resolve()
    return Promise.all(reads)
  }
}

it('[RQ22] [S4] a page over a socket or HTTP waits for its turn, and other requests and other people do not', async () => {
  const { customer, customerAccount, agent, conversationId } = await app.startConversation({ message: 'Hello?' })
  const release = await occupy(customerAccount.id)
  let read = 0
  const count = () => {
    read += 1
  }
  const pages = [
    customer.request('message:list', { conversationId }),
    customerAccount.call('GET', `/conversations/${conversationId}/messages`),
  ] as const
  for (const page of pages) void page.then(count)
  const other = await customerAccount.connect()
  await other.request('message:send', { conversationId, clientMessageId: 'meanwhile', content: 'Hello?' })
  await agent.request('message:list', { conversationId })
  await customerAccount.call('GET', '/me')
  expect(read).toBe(0)
  await release()
  expect(await Promise.all(pages)).toMatchObject([{ hasMore: false }, { status: 200 }])
})

it('[RQ22a] [S4] one page over those that may wait is rate_limited, and a read that fails passes its turn on', async () => {
  const reads = createPageReads({ enabled: true })
  const { promise, reject } = Promise.withResolvers<string>()
  const failing = Array.from({ length: concurrent }, () => reads.run(1, () => promise))
  const waiting = Array.from({ length: budgets.waitingPageReadsPerPerson.concurrent }, (_, n) =>
    reads.run(1, async () => n),
  )
  await expect(reads.run(1, async () => 'more')).rejects.toMatchObject({ code: 'rate_limited' })
  expect(await reads.run(2, async () => 'somebody else')).toBe('somebody else')
  reject(new Error('the database is away'))
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(Array(concurrent).fill('rejected'))
  expect(await Promise.all(waiting)).toEqual(waiting.map((_, n) => n))
  expect(await reads.run(1, async () => 'again')).toBe('again')
})
