// Housekeeping removes expired sessions and abandoned customers. Messages stay.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { runHousekeeping } from '../../server/customers/housekeeping.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'

describe('housekeeping', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  async function setCreatedAgo(customer: TestAccount, ms: number): Promise<number> {
    const created_at = new Date(Date.now() - ms)
    await app.db.updateTable('users').set({ created_at }).where('id', '=', customer.id).execute()
    return customer.id
  }

  it('removes customers who never started a conversation, after a day [CS7]', async () => {
    const day = serverLimits.abandonedCustomerMs
    const silent = await setCreatedAgo(await app.newCustomer(), day + 60_000)
    const recent = await setCreatedAgo(await app.newCustomer(), day - 60_000)
    const agent = await app.newAgent()
    await setCreatedAgo(agent, 2 * day)
    const { customerAccount } = await app.startConversation()
    const spoken = await setCreatedAgo(customerAccount, 2 * day)
    await Promise.all([runHousekeeping(app), runHousekeeping(app)])
    const left = (await app.db.selectFrom('users').select('id').execute()).map(({ id }) => id)
    expect(left).toEqual(expect.arrayContaining([recent, agent.id, spoken]))
    expect(left).not.toContain(silent)
  })

  it('removes more rows than fit in one batch [CS7]', async () => {
    const created_at = new Date(Date.now() - 2 * serverLimits.abandonedCustomerMs)
    const rows = Array.from({ length: serverLimits.housekeepingRows + 1 }, () => ({
      role: 'customer' as const,
      created_at,
    }))
    const { insertId } = await app.db.insertInto('users').values(rows).executeTakeFirstOrThrow()
    await runHousekeeping(app)
    const left = await app.db.selectFrom('users').select('id').where('id', '>=', Number(insertId)).execute()
    expect(left).toEqual([])
  })

  it('removes expired sessions and no others [CS7]', async () => {
    const accounts = [await app.newAgent(), await app.newCustomer(), await app.newAgent(), await app.newCustomer()]
    const ended = accounts.slice(0, 2).map(({ id }) => id)
    const expires_at = new Date(Date.now() - 60_000)
    for (const table of ['login_sessions', 'customer_sessions'] as const) {
      await app.db.updateTable(table).set({ expires_at }).where('user_id', 'in', ended).execute()
    }
    await runHousekeeping(app)
    const ids = accounts.map(({ id }) => id)
    const logins = await app.db.selectFrom('login_sessions').select('user_id').where('user_id', 'in', ids).execute()
    const customers = await app.db
      .selectFrom('customer_sessions')
      .select('user_id')
      .where('user_id', 'in', ids)
      .execute()
    expect([...logins, ...customers].map((row) => row.user_id)).toEqual(ids.slice(2))
  })
})
