// Two nodes whose Redis loses single events. The reconciler of the other node publishes them.

import { afterAll, beforeAll, describe, it } from 'vitest'
import type { User } from '#protocol/entities.ts'
import { password } from '../accounts/logins.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { type LossyRedis, startLossyRedis } from '../support/lossy-redis.ts'
import { findRedis } from '../support/programs.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/server-process.ts'

/** Ten seconds, and one more because a round takes time on a busy machine. */
const recoveredMs = 11_000

let bus: LossyRedis
let here: TestApp
let there: TestApp
let admin: TestAccount
const ends: (() => unknown)[] = []

describe.skipIf(!findRedis())('an event that Redis loses on its way to another node', () => {
  beforeAll(async () => {
    const redis = await startRedis()
    ends.push(redis.stop)
    bus = await startLossyRedis(redis.url)
    ends.push(bus.stop)
    here = await startTestApp({ node: { redisUrl: redis.url } })
    ends.push(here.stop)
    there = await startTestApp({ node: { redisUrl: bus.url, beside: here } })
    ends.push(there.stop)
    await until(() => here.redis?.isUp() === true && there.redis?.isUp() === true)
    admin = await here.newAgent({ role: 'admin' })
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  const createUser = async (username: string) =>
    (await admin.call('POST', '/users', { username, password, name: username, role: 'agent' })).body as User
  const sees = (client: Client, agentId: number, name: string | undefined) =>
    client.next('agent:updated', (event) => event.agentId === agentId && event.agent?.name === name)

  it.concurrent('[CN7] [US7] is published there within ten seconds for a new, a renamed and a disabled agent', async ({
    expect,
  }) => {
    const [near, far] = [await admin.connect(), await there.connect(admin)]
    const [renamed, disabled] = [await createUser('li'), await createUser('bo')]
    await Promise.all([sees(far, renamed.id, 'li'), sees(far, disabled.id, 'bo')])
    const lostBefore = bus.lost()
    bus.lose('agent:updated', 'agent:status-changed', 'availability:changed')
    const created = await createUser('cai')
    await admin.call('PATCH', `/users/${renamed.id}`, { name: '李' })
    await admin.call('PATCH', `/users/${disabled.id}`, { isDisabled: true })
    const changedAt = performance.now()
    await Promise.all([sees(near, created.id, 'cai'), sees(near, renamed.id, '李'), sees(near, disabled.id, undefined)])
    await Promise.all([sees(far, created.id, 'cai'), sees(far, renamed.id, '李'), sees(far, disabled.id, undefined)])
    expect(performance.now() - changedAt).toBeLessThan(recoveredMs)
    expect(bus.lost()).toBeGreaterThanOrEqual(lostBefore + 3)
    // The node that published them knows so.
    expect(near.all('agent:updated').filter(({ agentId }) => agentId === renamed.id)).toHaveLength(2)
  })

  it.concurrent('[CN7] [AG6] is published there for a status that returns to an earlier one', async ({ expect }) => {
    const account = await here.newAgent()
    const far = await there.connect(admin)
    const customer = await there.connect(await here.newCustomer())
    const statuses = () =>
      far.all('agent:status-changed').flatMap(({ agentId, status }) => (agentId === account.id ? [status] : []))
    bus.lose('agent:updated', 'agent:status-changed', 'availability:changed')
    const agent = await account.connect()
    const changedAt = performance.now()
    await expect.poll(statuses).toEqual(['online'])
    expect(performance.now() - changedAt).toBeLessThan(recoveredMs)
    const before = customer.all('availability:changed').length
    await agent.request('agent:set-status', { status: 'busy' })
    await agent.request('agent:set-status', { status: 'online' })
    await expect.poll(statuses).toEqual(['online', 'online'])
    await expect.poll(() => customer.all('availability:changed').length).toBeGreaterThan(before)
    expect(customer.all('availability:changed').at(-1)).toEqual({ available: true })
  })
})
