// Two customers, two agents and an admin, each knowing only what was answered and told to them, and sequences of actions among them.

import { sql } from 'kysely'
import { isVisibleToAgents } from '#db/queries/conversations.ts'
import type { ErrorCode } from '#protocol/errors.ts'
import type { RequestName } from '#protocol/requests.ts'
import { requests } from '../../server/realtime/requests.ts'
import { startTestApp } from '../support/app.ts'
import { type Action, payloads } from './actions.ts'
import { createSide, type Person, type Side } from './model-client.ts'

export interface World {
  sides: readonly Side[]
  /** Answers so far, by request. */
  answered: ReadonlyMap<string, { ok: number; refused: Map<ErrorCode, number> }>
  /** Whether every side holds the newest version of each of its conversations. */
  isAllTold(): Promise<boolean>
  /** Forgets what was, performs the actions, and resolves when each is answered. */
  perform(actions: readonly Action[]): Promise<void>
  stop(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const app = await startTestApp()
  const { db } = app
  const answered: Map<RequestName, { ok: number; refused: Map<ErrorCode, number> }> = new Map()
  const person = (role: Person['role'], account: Person['account']): Person => ({
    role,
    account,
    async askWhoIsHere() {
      const { body } = await app.call('POST', '/widget/session', { site: app.siteKey, token: account.token })
      return (body as { site: { available: boolean } }).site.available
    },
  })
  const customers = [
    await createSide(person('customer', await app.newCustomer({ name: '李雷' }))),
    await createSide(person('customer', await app.newCustomer({ email: 'mei@example.com' }))),
  ]
  const agents = [
    await createSide(person('agent', await app.newAgent())),
    await createSide(person('agent', await app.newAgent())),
    await createSide(person('admin', await app.newAgent({ role: 'admin' }))),
  ]
  const sides = [...customers, ...agents]
  const pick = <T>(list: readonly T[], n: number) => list[n % list.length] as T
  /** Those that the actions of this sequence have made. */
  let conversationIds: number[] = []

  async function forget() {
    const last = await db
      .selectFrom('conversations')
      .select((eb) => eb.fn.max('id').as('id'))
      .executeTakeFirst()
    await db.deleteFrom('messages').execute()
    await db.deleteFrom('conversations').execute()
    await db.updateTable('users').set({ blocked_at: sql`null` }).execute()
    for (const agent of agents) await agent.ask('agent:set-status', { status: 'online' })
    conversationIds = []
    for (const side of sides) await side.begin(last?.id ?? 0)
  }

  async function ask<N extends RequestName>(name: N, action: Action): Promise<void> {
    const fitting = action.isStranger ? sides : sides.filter(({ role }) => requests[name].roles.includes(role))
    const side = pick(fitting, action.by)
    const about = {
      conversationId: pick([...conversationIds, ...(conversationIds.length > 0 ? [] : [2 ** 40])], action.conversation),
      customerId: pick(customers, action.n).account.id,
      agentId: pick(agents, action.n).account.id,
      newToken: () => app.renewedToken(side.account, side.role === 'customer' ? 'customer' : 'agent'),
    }
    const reply = await side.ask(name, payloads[name](about, action))
    const count = answered.get(name) ?? { ok: 0, refused: new Map() }
    answered.set(name, count)
    if (reply.ok) {
      count.ok++
      const { conversation } = reply.data as { conversation?: { id: number } }
      if (conversation && !conversationIds.includes(conversation.id)) {
        conversationIds.push(conversation.id)
        // The comparison with the database would mend what was not told: it is made to believe that all was.
        app.told.note(conversation.id, Number.MAX_SAFE_INTEGER)
      }
    } else {
      const { code, message } = reply.error
      if (code === 'internal' || code === 'invalid_request') throw new Error(`${name} was answered ${code}: ${message}`)
      count.refused.set(code, (count.refused.get(code) ?? 0) + 1)
    }
  }

  return {
    sides,
    answered,
    async isAllTold() {
      const rows = await db
        .selectFrom('conversations')
        .select([
          'id',
          'version',
          'customer_id as customerId',
          'last_seq as lastSeq',
          'agent_id as agentId',
          'queued_at as queuedAt',
        ])
        .execute()
      return rows.every(({ id, version, customerId, ...row }) =>
        sides
          .filter(({ role, account }) => (role === 'customer' ? account.id === customerId : isVisibleToAgents(row)))
          .every((side) => side.versionOf(id) === version),
      )
    },
    async perform(actions) {
      await forget()
      let underWay: Promise<void>[] = []
      for (const action of actions) {
        // Whoever leaves or loses the connection has heard all answers before.
        if (!action.overlaps || action.name === 'reconnect' || action.name === 'conversation:leave') {
          await Promise.all(underWay)
          underWay = []
        }
        if (action.name === 'reconnect') await pick(sides, action.by).reconnect()
        else underWay.push(ask(action.name, action))
        if (action.name === 'conversation:leave') await Promise.all(underWay)
      }
      await Promise.all(underWay)
    },
    stop: app.stop,
  }
}
