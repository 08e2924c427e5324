// A message is appended optimistically, in one round trip, while the cached conversation is current. Any change in
// between is detected.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executeInOneRoundTrip, inTransaction } from '#db/core/transaction.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import { compareAndAppend } from '#db/queries/optimistic-append.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { createConversationCache } from '../../server/messages/write-path/conversation-cache.ts'
import { createDatabaseClock } from '../../server/messages/write-path/database-clock.ts'
import { createWritePath } from '../../server/messages/write-path/write-path.ts'
import { png } from '../attachments/corpus.ts'
import { uploaded } from '../attachments/uploads.ts'
import { loopback, type StartedConversation, startTestApp, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'

let app: TestApp
/** Another server on the same database without a bus: a node whose events are all lost. */
let elsewhere: TestApp
beforeAll(async () => {
  app = await startTestApp()
  elsewhere = await startTestApp({ restartOf: app })
})
afterAll(async () => {
  await elsewhere.stop()
  await app.stop()
})

let number = 0
const line = (conversationId: number, content = 'hello') => ({
  conversationId,
  clientMessageId: `m${++number}`,
  content,
})

/** An assigned conversation with a message from each side, so that this node has it in its cache. */
async function cachedConversation(): Promise<StartedConversation> {
  const started = await app.startConversation()
  const { conversationId, customer, agent } = started
  await agent.request('conversation:claim', { conversationId })
  for (const client of [customer, agent]) await client.request('message:send', line(conversationId))
  return started
}

/** A cached conversation of a write path with its own clock, which no other commit of the app corrects. */
async function conversationOfOwnClock() {
  const { conversationId, customerAccount } = await app.startConversation()
  const clock = createDatabaseClock()
  const { messageWriter } = createWritePath(app, { optimisticAppend: true, clock })
  const userId = customerAccount.id
  const actor = { userId, role: 'customer', name: '', sessionId: 0, address: loopback, siteId: 0 } as const
  const send = () => messageWriter.append({ actor, type: 'text', ...line(conversationId) })
  for (let warmUp = 0; warmUp < 2; warmUp++) await send()
  return { conversationId, send, clock }
}

/** Whether the work wrote messages, and on which write path. */
async function writePathsOf(work: () => Promise<unknown>): Promise<('optimistic' | 'locked')[]> {
  return (await recordRoundTrips(work)).flatMap((packet) => {
    if (!packet.includes('insert into messages')) return []
    return packet.startsWith('update conversations') ? 'optimistic' : 'locked'
  })
}

const stored = async (conversationId: number) =>
  (await app.storedMessages(conversationId)).map(({ seq, content }) => [seq, content])

/** The row in the database: last seq, version, unread counts of both sides. */
const row = (conversationId: number) =>
  app.db
    .selectFrom('conversations')
    .select(['last_seq', 'version', 'customer_unread', 'agent_unread', 'status', 'agent_id'])
    .where('id', '=', conversationId)
    .executeTakeFirstOrThrow()

/** The conversation as stored, which may differ from a node's cache. */
async function locked(conversationId: number): Promise<LockedConversation> {
  const rows = await inTransaction(app.db, (trx) => lockConversations(trx, [conversationId]))
  return rows.get(conversationId) as LockedConversation
}

const setBack = (conversationId: number) =>
  sql`update conversations set updated_at = date_sub(current_timestamp(3), interval 5 second), changed_at = updated_at
    where id = ${conversationId}`.execute(app.db)

describe('a message of a cached conversation', () => {
  it('[DB39] [MS3] is appended optimistically from either side, also after a receipt and a status change by this node', async () => {
    const { conversationId, customer, agent } = await cachedConversation()
    const before = await row(conversationId)
    const send = (from: typeof customer) => () => from.request('message:send', line(conversationId))
    expect(await writePathsOf(send(customer))).toEqual(['optimistic'])
    expect(await writePathsOf(send(agent))).toEqual(['optimistic'])
    await customer.request('message:mark-read', { conversationId, seq: 4 })
    expect(await writePathsOf(send(customer))).toEqual(['optimistic'])
    await agent.request('conversation:close', { conversationId })
    await agent.request('conversation:reopen', { conversationId })
    expect(await writePathsOf(send(agent))).toEqual(['optimistic'])
    expect(await row(conversationId)).toEqual({
      ...before,
      last_seq: before.last_seq + 4,
      version: before.version + 7,
      customer_unread: 1,
      agent_unread: before.agent_unread + 2,
    })
    const messages = await app.storedMessages(conversationId)
    expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    expect(new Set(messages.map(({ version }) => version)).size).toBe(6)
  })

  it('[DB39] is appended with two statements in one round trip, also in a batch with forty-nine others', async () => {
    const conversations = await Promise.all(Array.from({ length: 10 }, () => cachedConversation()))
    const sendAll = (count: number) => () =>
      Promise.all(
        Array.from({ length: count }, (_, index) => {
          const { customer, conversationId } = conversations[index % 10] as StartedConversation
          return customer.request('message:send', line(conversationId))
        }),
      )
    const inShort = (packets: string[]) =>
      packets
        .filter((packet) => packet.includes('messages') && !packet.startsWith('select'))
        .map((packet) =>
          packet
            .split(';')
            .map((statement) => statement.trim().split(' ', 1)[0])
            .join(' '),
        )
    expect(inShort(await recordRoundTrips(sendAll(1)))).toEqual(['update insert commit'])
    const packets = inShort(await recordRoundTrips(sendAll(50)))
    expect(new Set(packets)).toEqual(new Set(['update insert commit']))
    expect(packets.length).toBeLessThan(10)
  })

  it('[DB39] [MS8] updates the times of its conversation at most once per second', async () => {
    const { conversationId, customer } = await cachedConversation()
    const times = () =>
      app.db
        .selectFrom('conversations')
        .select(['updated_at', 'changed_at'])
        .where('id', '=', conversationId)
        .executeTakeFirstOrThrow()
    const send = async () => (await customer.request('message:send', line(conversationId))).message.createdAt
    await setBack(conversationId)
    // This reloads the state. The time was already updated with the last message.
    await customer.request('message:mark-read', { conversationId, seq: 2 })
    const { changed_at } = await times()
    const writePaths = await writePathsOf(async () => {
      const createdAt = await send()
      expect(await times()).toEqual({ updated_at: createdAt, changed_at })
      await send()
      expect(await times()).toEqual({ updated_at: createdAt, changed_at })
    })
    expect(writePaths).toEqual(['optimistic', 'optimistic'])
  })

  it('[DB39] [CH9] has a time within a second of the database’s clock, or is not written', async () => {
    const { conversationId } = await cachedConversation()
    const grow = async (offMs: number) => {
      const before = await locked(conversationId)
      const now = new Date(Date.parse(before.now) + offMs).toISOString()
      const after = { ...before, lastSeq: before.lastSeq + 1, version: before.version + 1, now, updatedAt: now }
      await executeInOneRoundTrip(app.db, [compareAndAppend([{ before, after }], now)])
      return now
    }
    await setBack(conversationId)
    const before = await locked(conversationId)
    for (const off of [-serverLimits.clockToleranceMs - 1, serverLimits.clockToleranceMs + 500]) {
      await expect(grow(off)).rejects.toThrow('last_seq')
    }
    expect(await locked(conversationId)).toEqual({
      ...before,
      now: expect.any(String),
      receivedAt: expect.any(Number),
    })
    for (const off of [serverLimits.clockToleranceMs / 2, -serverLimits.clockToleranceMs / 2]) {
      await setBack(conversationId)
      const time = await grow(off)
      expect(await locked(conversationId)).toMatchObject({ updatedAt: time, changedAt: time })
    }
  })

  it('[DB39] [CH9] is appended under the lock when the database rejects its time, and the clock is read again', async () => {
    const { conversationId, send, clock } = await conversationOfOwnClock()
    const state = await locked(conversationId)
    const inAnHour = new Date(Date.parse(state.now) + 3_600_000).toISOString()
    clock.addSample({ now: inAnHour, receivedAt: performance.now() })
    expect(clock.read()?.now.slice(0, 15)).toBe(inAnHour.slice(0, 15))
    expect(await writePathsOf(send)).toEqual(['optimistic', 'locked'])
    expect(await writePathsOf(send)).toEqual(['optimistic'])
    const off = (await app.storedMessages(conversationId)).map(
      ({ createdAt }) => Date.parse(createdAt) - Date.parse(state.now),
    )
    expect(Math.max(...off)).toBeLessThan(60_000)
  })

  it('[DB39] does not wait for connections that slow work occupies', async () => {
    const { conversationId, customer } = await cachedConversation()
    let isOver = false
    const slow = Promise.all(
      Array.from({ length: serverLimits.databaseConnections }, async () => {
        await sql`select sleep(0.8)`.execute(app.db)
        isOver = true
      }),
    )
    expect(await writePathsOf(() => customer.request('message:send', line(conversationId)))).toEqual(['optimistic'])
    expect(isOver).toBe(false)
    await slow
  })

  it('[DB39] is never older than the previous message, even with a worse clock estimate', async () => {
    const { conversationId, send, clock } = await conversationOfOwnClock()
    const first = (await send()).message.createdAt
    clock.invalidate()
    clock.addSample({ now: new Date(Date.parse(first) - 500).toISOString(), receivedAt: performance.now() })
    const writePaths = await writePathsOf(send)
    expect(writePaths).toEqual(['optimistic'])
    const second = (await app.storedMessages(conversationId)).at(-1)?.createdAt
    expect(second).toBe(first)
    expect((await app.storedMessages(conversationId)).slice(-2).map(({ createdAt }) => createdAt)).toEqual([
      first,
      second,
    ])
  })

  it('[DB39] [MS3] follows a message of another node, and the next ones are appended under the lock', async () => {
    const { conversationId, customer, agentAccount } = await cachedConversation()
    const there = await elsewhere.connect(agentAccount)
    const here = () => writePathsOf(() => customer.request('message:send', line(conversationId, 'here')))
    await there.request('message:send', line(conversationId, 'there'))
    expect(await here()).toEqual(['optimistic', 'locked'])
    await there.request('message:send', line(conversationId, 'there'))
    expect(await here()).toEqual(['locked'])
    // No other node wrote in between, so the cache is valid again.
    expect(await here()).toEqual(['locked'])
    expect(await here()).toEqual(['optimistic'])
    expect((await stored(conversationId)).slice(2)).toEqual([
      [3, 'there'],
      [4, 'here'],
      [5, 'there'],
      [6, 'here'],
      [7, 'here'],
      [8, 'here'],
    ])
  })

  it('[DB39] is decided by the stored state after another node has read, closed, transferred or blocked', async () => {
    const read = await cachedConversation()
    const readThere = await elsewhere.connect(read.agentAccount)
    await readThere.request('message:mark-read', { conversationId: read.conversationId, seq: 1 })
    const { message } = await read.customer.request('message:send', line(read.conversationId))
    const [newest] = (await app.storedMessages(read.conversationId)).slice(-1)
    expect([message.seq, message.version]).toEqual([3, (await row(read.conversationId)).version])
    expect(newest?.version).toBe(message.version)

    const closed = await cachedConversation()
    const { conversationId } = closed
    const closer = await elsewhere.connect(closed.agentAccount)
    await closer.request('conversation:close', { conversationId })
    expect(await closed.agent.refused('message:send', line(conversationId))).toBe('conversation_closed')
    await closed.customer.request('message:send', line(conversationId))
    expect(await row(conversationId)).toMatchObject({ status: 'pending' })

    await closer.request('conversation:release', { conversationId })
    expect(await closed.agent.refused('message:send', line(conversationId))).toBe('forbidden')

    const blocked = await cachedConversation()
    const blocker = await elsewhere.connect(blocked.agentAccount)
    await blocker.request('customer:set-blocked', { customerId: blocked.customerAccount.id, blocked: true })
    expect(await blocked.customer.refused('message:send', line(blocked.conversationId))).toBe('forbidden')
  })

  it('[DB39] [MS2] does not affect others of its batch when it is a retry or its cached state is stale', async () => {
    const [one, two, other] = [await cachedConversation(), await cachedConversation(), await cachedConversation()]
    const sent = line(one.conversationId, 'once')
    const first = await one.customer.request('message:send', sent)
    const there = await elsewhere.connect(other.agentAccount)
    await there.request('message:mark-read', { conversationId: other.conversationId, seq: 1 })
    const replies = await Promise.all([
      one.customer.request('message:send', sent),
      one.customer.request('message:send', line(one.conversationId, 'after')),
      two.customer.request('message:send', line(two.conversationId)),
      two.agent.request('message:send', line(two.conversationId)),
      other.customer.request('message:send', line(other.conversationId)),
    ])
    expect(replies[0]).toEqual(first)
    expect(replies.slice(1).map(({ message }) => message.seq)).toEqual([4, 3, 4, 3])
    expect((await stored(one.conversationId)).map(([, content]) => content)).toEqual([
      'hello',
      'hello',
      'once',
      'after',
    ])
  })

  it('[DB39] [MS3] takes the locked path with all others of its conversation in the batch, so that none overtakes', async () => {
    const { conversationId, customer, customerAccount } = await cachedConversation()
    const attachment = await uploaded(app, customerAccount, await png(), 'shoe.png')
    const sends = [
      line(conversationId),
      { ...line(conversationId), type: 'image' as const, attachmentId: attachment.id },
      line(conversationId),
    ]
    const replies = await Promise.all(sends.map((one) => customer.request('message:send', one)))
    expect(replies.map(({ message }) => message.seq)).toEqual([3, 4, 5])
  })

  it('[DB39] makes the batch fail only once: after a rejection its conversation uses the locked path', async () => {
    const { conversationId, agent, agentAccount } = await cachedConversation()
    const there = await elsewhere.connect(agentAccount)
    await there.request('conversation:close', { conversationId })
    const attempt = () => recordRoundTrips(() => agent.refused('message:send', line(conversationId)))
    const tries = (trips: string[]) => trips.filter((packet) => packet.startsWith('update conversations')).length
    expect([tries(await attempt()), tries(await attempt())]).toEqual([1, 0])
  })

  it('[DB39] is appended under the lock when its agent is away or was just assigned', async () => {
    const { conversationId, customer, agentAccount } = await cachedConversation()
    const away = await app.startConversation()
    await away.agent.request('conversation:claim', { conversationId: away.conversationId })
    const send = (client: typeof customer, id: number) => writePathsOf(() => client.request('message:send', line(id)))
    expect(await send(away.customer, away.conversationId)).toEqual(['locked'])
    expect(await send(away.customer, away.conversationId)).toEqual(['optimistic'])
    const colleague = await app.newAgent()
    await colleague.connect()
    await away.agent.next('agent:status-changed', (event) => event.agentId === colleague.id)
    await away.agent.request('conversation:transfer', { conversationId: away.conversationId, agentId: colleague.id })
    expect(await send(away.customer, away.conversationId)).toEqual(['locked'])
    await app.setAgentLastSeen(agentAccount.id, serverLimits.absentAgentMs - 60_000)
    // Cached as before, until another reason forces a read.
    await sql`update conversations set version = version + 1 where id = ${conversationId}`.execute(app.db)
    expect(await send(customer, conversationId)).toEqual(['optimistic', 'locked'])
    expect(await send(customer, conversationId)).toEqual(['locked'])
  })
})

describe('the conversation cache', () => {
  const now = '2026-01-01T00:00:00.000Z'
  const state = (id: number, version: number) =>
    ({ id, version, agentId: 7, agentPresence: 'online', now, receivedAt: 0 }) as never

  it('[DB39] expires entries before an agent can have been away too long, and evicts the oldest when it is full', () => {
    expect(serverLimits.cachedConversationMs).toBeLessThan(serverLimits.absentAgentMs)
    let time = 0
    const cache = createConversationCache(() => time)
    const left = state(1, 2)
    cache.put([{ before: state(1, 0), after: state(1, 1) }])
    cache.put([{ before: state(1, 1), after: left }])
    time += serverLimits.cachedConversationMs - 1
    expect(cache.get(1)).toBe(left)
    // The optimistic append on top of it does not prolong its life.
    cache.advance([{ before: { ...(left as object) } as never, after: state(1, 3) }])
    expect(cache.get(1)).toEqual(state(1, 3))
    time += 1
    expect(cache.get(1)).toBeUndefined()
    for (let id = 2; id < serverLimits.cachedConversations + 3; id++) {
      for (const version of [1, 2]) cache.put([{ before: state(id, version), after: state(id, version + 1) }])
    }
    expect([cache.get(2), cache.get(3)]).toEqual([undefined, state(3, 3)])
  })

  it('[DB39] keeps the newest state in whatever order changes arrive', () => {
    const cache = createConversationCache(() => 0)
    cache.put([{ before: state(1, 1), after: state(1, 2) }])
    cache.put([{ before: state(1, 2), after: state(1, 3) }])
    cache.put([{ before: state(1, 1), after: state(1, 2) }])
    expect(cache.get(1)).toEqual(state(1, 3))
  })

  it('[DB39] confirms a state only after two consecutive reads agree, because joined rows may predate the lock', () => {
    const cache = createConversationCache(() => 0)
    cache.put([{ before: state(1, 1), after: state(1, 2) }])
    expect(cache.get(1)).toBeUndefined()
    cache.put([{ before: state(1, 2), after: state(1, 3) }])
    expect(cache.get(1)).toEqual(state(1, 3))
  })
})

describe('the estimate of the database’s clock', () => {
  const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString()

  it('[DB39] uses the reply with the shortest round trip, until it is invalidated or too old', () => {
    let clock = 500
    const time = createDatabaseClock(() => clock)
    const addSample = (ms: number, receivedAt = clock) => time.addSample({ now: at(ms), receivedAt })
    const read = () => time.read()?.now
    expect(time.read()).toBeUndefined()
    addSample(0)
    clock += 100
    expect(time.read()).toEqual({ now: at(100), receivedAt: clock })
    // The database's clock showed 90; the reply arrived at 100.
    addSample(90)
    expect(read()).toBe(at(100))
    addSample(105)
    expect(read()).toBe(at(105))
    // Processed later than it arrived.
    clock += 1000
    addSample(106, clock - 1000)
    expect(read()).toBe(at(1106))
    time.invalidate()
    expect(read()).toBeUndefined()
    addSample(1000)
    expect(read()).toBe(at(1000))
    clock += serverLimits.cachedConversationMs - 1
    expect(read()).toBe(at(1000 + serverLimits.cachedConversationMs - 1))
    clock += 1
    expect(read()).toBeUndefined()
    addSample(0)
    expect(read()).toBe(at(0))
  })
})
