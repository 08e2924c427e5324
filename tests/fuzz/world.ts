// Two customers, two agents and an admin, each with a state built from replies and events, and sequences of actions
// among them.

import { sql } from 'kysely'
import { isVisibleToAgents } from '#db/queries/conversations.ts'
import type { ErrorCode } from '#protocol/errors.ts'
import type { RequestName } from '#protocol/requests.ts'
import { requests } from '../../server/realtime/requests.ts'
import { startTestApp } from '../support/app.ts'
import { type Action, payloads } from './actions.ts'
import { createModelClient, type ModelAccount, type ModelClient } from './model-client.ts'

export interface World {
  clients: readonly ModelClient[]
  /** The replies so far, by request. */
  replies: ReadonlyMap<string, { ok: number; refused: Map<ErrorCode, number> }>
  /** Whether every client has the newest version of each of its conversations. */
  isUpToDate(): Promise<boolean>
  /** Starts a new sequence, performs the actions, and resolves when each has its reply. */
  perform(actions: readonly Action[]): Promise<void>
  stop(): Promise<void>
}

/** A client must receive all earlier replies before it leaves or reconnects. */
const isAlone = new Set<Action['name']>(['reconnect', 'conversation:leave', 'disable'])

export async function startWorld(): Promise<World> {
  const app = await startTestApp()
  const { db } = app
  const replies: Map<RequestName, { ok: number; refused: Map<ErrorCode, number> }> = new Map()
  const person = (role: ModelAccount['role'], account: ModelAccount['account']): ModelAccount => ({
    role,
    account,
    async requestAvailability() {
      const { body } = await app.call('POST', '/widget/session', { site: app.siteKey, token: account.token })
      return (body as { site: { available: boolean } }).site.available
    },
  })
  const customers = [
    await createModelClient(person('customer', await app.newCustomer({ name: '李雷' }))),
    await createModelClient(person('customer', await app.newCustomer({ email: 'mei@example.com' }))),
  ]
  const admin = await createModelClient(person('admin', await app.newAgent({ role: 'admin' })))
  const agents = [
    await createModelClient(person('agent', await app.newAgent())),
    await createModelClient(person('agent', await app.newAgent())),
    admin,
  ]
  const clients = [...customers, ...agents]
  const pick = <T>(list: readonly T[], n: number) => list[n % list.length] as T
  /** The conversations that the actions of this sequence have created. */
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
    for (const client of clients) await client.begin(last?.id ?? 0)
  }

  async function disable(agent: ModelClient) {
    const { id } = agent.account
    for (const body of [{ isDisabled: true, release: true }, { isDisabled: false }]) {
      const { status } = await admin.account.call('PATCH', `/users/${id}`, body)
      if (status !== 200) throw new Error(`${JSON.stringify(body)} failed with ${status}`)
    }
    await agent.reconnect(await app.newSession(id, 'agent'))
  }

  async function ask<N extends RequestName>(name: N, action: Action): Promise<void> {
    const fitting = action.isStranger ? clients : clients.filter(({ role }) => requests[name].roles.includes(role))
    const client = pick(fitting, action.by)
    const about = {
      conversationId: pick([...conversationIds, ...(conversationIds.length > 0 ? [] : [2 ** 40])], action.conversation),
      customerId: pick(customers, action.n).account.id,
      agentId: pick(agents, action.n).account.id,
      newToken: () => app.renewedToken(client.account, client.role === 'customer' ? 'customer' : 'agent'),
    }
    const reply = await client.ask(name, payloads[name](about, action))
    const count = replies.get(name) ?? { ok: 0, refused: new Map() }
    replies.set(name, count)
    if (reply.ok) {
      count.ok++
      const { conversation } = reply.data as { conversation?: { id: number } }
      if (conversation && !conversationIds.includes(conversation.id)) {
        conversationIds.push(conversation.id)
        // Marks everything as published, so that the reconciler cannot repair a missing event.
        app.publishedVersions.record('conversations', conversation.id, Number.MAX_SAFE_INTEGER)
      }
    } else {
      const { code, message } = reply.error
      if (code === 'internal' || code === 'invalid_request') throw new Error(`${name} failed with ${code}: ${message}`)
      count.refused.set(code, (count.refused.get(code) ?? 0) + 1)
    }
  }

  return {
    clients,
    replies,
    async isUpToDate() {
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
        clients
          .filter(({ role, account }) => (role === 'customer' ? account.id === customerId : isVisibleToAgents(row)))
          .every((client) => client.versionOf(id) === version),
      )
    },
    async perform(actions) {
      await forget()
      let underWay: Promise<void>[] = []
      for (const action of actions) {
        if (!action.overlaps || isAlone.has(action.name)) {
          await Promise.all(underWay)
          underWay = []
        }
        if (action.name === 'reconnect') await pick(clients, action.by).reconnect()
        else if (action.name === 'disable') await disable(pick(agents.slice(0, 2), action.by))
        else underWay.push(ask(action.name, action))
        if (action.name === 'conversation:leave') await Promise.all(underWay)
      }
      await Promise.all(underWay)
    },
    stop: app.stop,
  }
}
