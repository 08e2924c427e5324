// A message of a conversation that stands as this node left it is written in one trip, unasked; whatever has changed meanwhile is noticed.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executeInOneRoundTrip, inTransaction } from '#db/core/transaction.ts'
import { compareAndAppend } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { createConversationCache } from '../../server/messages/write-path/conversation-cache.ts'
import { createDatabaseClock } from '../../server/messages/write-path/database-clock.ts'
import { png } from '../attachments/corpus.ts'
import { uploaded } from '../attachments/uploads.ts'
import { type StartedConversation, startTestApp, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'

let app: TestApp
/** Another start on the same database, which tells this one nothing: as a node whose events are all lost. */
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

/** In progress, with a first message of each side, so that this node knows it. */
async function known(): Promise<StartedConversation> {
  const started = await app.startConversation()
  const { conversationId, customer, agent } = started
  await agent.request('conversation:claim', { conversationId })
  for (const client of [customer, agent]) await client.request('message:send', line(conversationId))
  return started
}

/** Whether the work wrote messages, and by which way. */
async function waysOf(work: () => Promise<unknown>): Promise<('one trip' | 'under locks')[]> {
  return (await recordRoundTrips(work)).flatMap((packet) => {
    if (!packet.includes('insert into messages')) return []
    return packet.startsWith('update conversations') ? 'one trip' : 'under locks'
  })
}

const stored = async (conversationId: number) =>
  (await app.storedMessages(conversationId)).map(({ seq, content }) => [seq, content])

/** What the database says of it: last seq, version, unread of both sides. */
const row = (conversationId: number) =>
  app.db
    .selectFrom('conversations')
    .select(['last_seq', 'version', 'customer_unread', 'agent_unread', 'status', 'agent_id'])
    .where('id', '=', conversationId)
    .executeTakeFirstOrThrow()

/** As its row stands, unlike what a node may know. */
async function locked(conversationId: number): Promise<LockedConversation> {
  const rows = await inTransaction(app.db, (trx) => lockConversations(trx, [conversationId]))
  return rows.get(conversationId) as LockedConversation
}

const setBack = (conversationId: number) =>
  sql`update conversations set updated_at = date_sub(current_timestamp(3), interval 5 second), changed_at = updated_at
    where id = ${conversationId}`.execute(app.db)

describe('a message of a known conversation', () => {
  it('[DB39] [MS3] goes in one trip from either side, also after a receipt and a change of state by this node, and counts like the others', async () => {
    const { conversationId, customer, agent } = await known()
    const before = await row(conversationId)
    const send = (from: typeof customer) => () => from.request('message:send', line(conversationId))
    expect(await waysOf(send(customer))).toEqual(['one trip'])
    expect(await waysOf(send(agent))).toEqual(['one trip'])
    await customer.request('message:mark-read', { conversationId, seq: 4 })
    expect(await waysOf(send(customer))).toEqual(['one trip'])
    await agent.request('conversation:close', { conversationId })
    await agent.request('conversation:reopen', { conversationId })
    expect(await waysOf(send(agent))).toEqual(['one trip'])
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

  it('[DB39] [MS8] moves the times of its conversation on, but not twice in a second', async () => {
    const { conversationId, customer } = await known()
    const times = () =>
      app.db
        .selectFrom('conversations')
        .select(['updated_at', 'changed_at'])
        .where('id', '=', conversationId)
        .executeTakeFirstOrThrow()
    const send = async () => (await customer.request('message:send', line(conversationId))).message.createdAt
    await setBack(conversationId)
    // Reads it anew, and moves no more than when it changed.
    await customer.request('message:mark-read', { conversationId, seq: 2 })
    const { changed_at } = await times()
    const ways = await waysOf(async () => {
      const createdAt = await send()
      expect(await times()).toEqual({ updated_at: createdAt, changed_at })
      await send()
      expect(await times()).toEqual({ updated_at: createdAt, changed_at })
    })
    expect(ways).toEqual(['one trip', 'one trip'])
  })

  it('[DB39] [CH9] is written at a time within a second of the database’s, and not at all at another', async () => {
    const { conversationId } = await known()
    const grow = async (offMs: number) => {
      const before = await locked(conversationId)
      const now = new Date(Date.parse(before.now) + offMs).toISOString()
      const after = { ...before, lastSeq: before.lastSeq + 1, version: before.version + 1, now, updatedAt: now }
      await executeInOneRoundTrip(app.db, [compareAndAppend(app.db, [{ before, after }], now)])
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

  it('[DB39] [CH9] whose time the database refuses is decided under its lock, and the time is read anew', async () => {
    const { conversationId, customer } = await known()
    const state = await locked(conversationId)
    const inAnHour = new Date(Date.parse(state.now) + 3_600_000).toISOString()
    const somewhere = { ...state, id: 1_000_000_000, now: inAnHour }
    app.known.note([{ before: somewhere, after: somewhere }])
    expect(app.known.time()?.now.slice(0, 15)).toBe(inAnHour.slice(0, 15))
    const send = () => customer.request('message:send', line(conversationId))
    expect(await waysOf(send)).toEqual(['one trip', 'under locks'])
    expect(await waysOf(send)).toEqual(['one trip'])
    const off = (await app.storedMessages(conversationId)).map(
      ({ createdAt }) => Date.parse(createdAt) - Date.parse(state.now),
    )
    expect(Math.max(...off)).toBeLessThan(60_000)
  })

  it('[DB39] does not wait for connections that something slow has taken', async () => {
    const { conversationId, customer } = await known()
    let isOver = false
    const slow = Promise.all(
      Array.from({ length: serverLimits.databaseConnections }, async () => {
        await sql`select sleep(0.8)`.execute(app.db)
        isOver = true
      }),
    )
    expect(await waysOf(() => customer.request('message:send', line(conversationId)))).toEqual(['one trip'])
    expect(isOver).toBe(false)
    await slow
  })

  it('[DB39] is never before what was said last, though the time be known less well by now', async () => {
    const { conversationId, customer } = await known()
    const send = async () => (await customer.request('message:send', line(conversationId))).message.createdAt
    const first = await send()
    const state = await locked(conversationId)
    const late = { ...state, id: 1_000_000_001, now: new Date(Date.parse(state.now) - 500).toISOString() }
    app.known.invalidateClock()
    app.known.note([{ before: late, after: late }])
    expect(app.known.time()?.now).toSatisfy((now: string) => now < first)
    const second = await send()
    expect(second).toBe(first)
    expect((await app.storedMessages(conversationId)).slice(-2).map(({ createdAt }) => createdAt)).toEqual([
      first,
      second,
    ])
  })

  it('[DB39] [MS3] written elsewhere too goes on behind what is there, and is asked about from then on', async () => {
    const { conversationId, customer, agentAccount } = await known()
    const there = await elsewhere.connect(agentAccount)
    const here = () => waysOf(() => customer.request('message:send', line(conversationId, 'here')))
    await there.request('message:send', line(conversationId, 'there'))
    expect(await here()).toEqual(['one trip', 'under locks'])
    await there.request('message:send', line(conversationId, 'there'))
    expect(await here()).toEqual(['under locks'])
    // Nobody else came in between: it is ours again.
    expect(await here()).toEqual(['under locks'])
    expect(await here()).toEqual(['one trip'])
    expect((await stored(conversationId)).slice(2)).toEqual([
      [3, 'there'],
      [4, 'here'],
      [5, 'there'],
      [6, 'here'],
      [7, 'here'],
      [8, 'here'],
    ])
  })

  it('[DB39] read, closed, handed on or blocked elsewhere is decided as it stands', async () => {
    const read = await known()
    const readThere = await elsewhere.connect(read.agentAccount)
    await readThere.request('message:mark-read', { conversationId: read.conversationId, seq: 1 })
    const { message } = await read.customer.request('message:send', line(read.conversationId))
    const [stands] = (await app.storedMessages(read.conversationId)).slice(-1)
    expect([message.seq, message.version]).toEqual([3, (await row(read.conversationId)).version])
    expect(stands?.version).toBe(message.version)

    const closed = await known()
    const { conversationId } = closed
    const closer = await elsewhere.connect(closed.agentAccount)
    await closer.request('conversation:close', { conversationId })
    expect(await closed.agent.refused('message:send', line(conversationId))).toBe('conversation_closed')
    await closed.customer.request('message:send', line(conversationId))
    expect(await row(conversationId)).toMatchObject({ status: 'pending' })

    await closer.request('conversation:release', { conversationId })
    expect(await closed.agent.refused('message:send', line(conversationId))).toBe('forbidden')

    const blocked = await known()
    const blocker = await elsewhere.connect(blocked.agentAccount)
    await blocker.request('customer:set-blocked', { customerId: blocked.customerAccount.id, blocked: true })
    expect(await blocked.customer.refused('message:send', line(blocked.conversationId))).toBe('forbidden')
  })

  it('[DB39] [MS2] keeps no other of its batch from being written: sent again, or in a conversation that stands otherwise', async () => {
    const [one, two, other] = [await known(), await known(), await known()]
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

  it('[DB39] [MS3] is not overtaken: what one of its batch has to be asked about, all are', async () => {
    const { conversationId, customer, customerAccount } = await known()
    const attachment = await uploaded(app, customerAccount, await png(), 'shoe.png')
    const sends = [
      line(conversationId),
      { ...line(conversationId), type: 'image' as const, attachmentId: attachment.id },
      line(conversationId),
    ]
    const replies = await Promise.all(sends.map((one) => customer.request('message:send', one)))
    expect(replies.map(({ message }) => message.seq)).toEqual([3, 4, 5])
  })

  it('[DB39] refused as it stands is asked about from then on, so that nobody else has to be written twice for it', async () => {
    const { conversationId, agent, agentAccount } = await known()
    const there = await elsewhere.connect(agentAccount)
    await there.request('conversation:close', { conversationId })
    const attempt = () => recordRoundTrips(() => agent.refused('message:send', line(conversationId)))
    const tries = (trips: string[]) => trips.filter((packet) => packet.startsWith('update conversations')).length
    expect([tries(await attempt()), tries(await attempt())]).toEqual([1, 0])
  })

  it('[DB39] whose agent is away, or has just got it, is asked about', async () => {
    const { conversationId, customer, agentAccount } = await known()
    const away = await app.startConversation()
    await away.agent.request('conversation:claim', { conversationId: away.conversationId })
    const send = (client: typeof customer, id: number) => waysOf(() => client.request('message:send', line(id)))
    expect(await send(away.customer, away.conversationId)).toEqual(['under locks'])
    expect(await send(away.customer, away.conversationId)).toEqual(['one trip'])
    const colleague = await app.newAgent()
    await colleague.connect()
    await away.agent.request('conversation:transfer', { conversationId: away.conversationId, agentId: colleague.id })
    expect(await send(away.customer, away.conversationId)).toEqual(['under locks'])
    await app.setAgentLastSeen(agentAccount.id, serverLimits.absentAgentMs - 60_000)
    // Known as before until it has been asked about for another reason.
    await sql`update conversations set version = version + 1 where id = ${conversationId}`.execute(app.db)
    expect(await send(customer, conversationId)).toEqual(['one trip', 'under locks'])
    expect(await send(customer, conversationId)).toEqual(['under locks'])
  })
})

describe('what is known of conversations', () => {
  const now = '2026-01-01T00:00:00.000Z'
  const state = (id: number, version: number) =>
    ({ id, version, agentId: 7, agentPresence: 'online', now, receivedAt: 0 }) as never

  it('[DB39] is forgotten before an agent can have been away for too long, the oldest first where it is too much', () => {
    expect(serverLimits.cachedConversationMs).toBeLessThan(serverLimits.absentAgentMs)
    let time = 0
    const known = createConversationCache(() => time)
    const left = state(1, 2)
    known.note([{ before: state(1, 0), after: state(1, 1) }])
    known.note([{ before: state(1, 1), after: left }])
    time += serverLimits.cachedConversationMs - 1
    expect(known.find(1)).toBe(left)
    // What rests on it keeps it no longer.
    known.note([{ before: left, after: state(1, 3) }])
    expect(known.find(1)).toEqual(state(1, 3))
    time += 1
    expect(known.find(1)).toBeUndefined()
    for (let id = 2; id < serverLimits.cachedConversations + 3; id++) {
      for (const version of [1, 2]) known.note([{ before: state(id, version), after: state(id, version + 1) }])
    }
    expect([known.find(2), known.find(3)]).toEqual([undefined, state(3, 3)])
  })

  it('[DB39] is the newest, in whatever order changes are told of', () => {
    const known = createConversationCache(() => 0)
    known.note([{ before: state(1, 1), after: state(1, 2) }])
    known.note([{ before: state(1, 2), after: state(1, 3) }])
    known.note([{ before: state(1, 1), after: state(1, 2) }])
    expect(known.find(1)).toEqual(state(1, 3))
  })

  it('[DB39] is not gone by until it has been met as it was left: what was read beside a row that was waited for may be older than it', () => {
    const known = createConversationCache(() => 0)
    known.note([{ before: state(1, 1), after: state(1, 2) }])
    expect(known.find(1)).toBeUndefined()
    known.note([{ before: state(1, 2), after: state(1, 3) }])
    expect(known.find(1)).toEqual(state(1, 3))
  })
})

describe('the database’s time as it is known', () => {
  const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString()

  it('[DB39] goes by the answer that took the least, until it is doubted or was long ago', () => {
    let clock = 500
    const time = createDatabaseClock(() => clock)
    const said = (ms: number, receivedAt = clock) => time.note({ now: at(ms), receivedAt })
    const read = () => time.read()?.now
    expect(time.read()).toBeUndefined()
    said(0)
    clock += 100
    expect(time.read()).toEqual({ now: at(100), receivedAt: clock })
    // Said at 90, and heard at 100.
    said(90)
    expect(read()).toBe(at(100))
    said(105)
    expect(read()).toBe(at(105))
    // Told of later than it was heard.
    clock += 1000
    said(106, clock - 1000)
    expect(read()).toBe(at(1106))
    time.doubt()
    expect(read()).toBeUndefined()
    said(1000)
    expect(read()).toBe(at(1000))
    clock += serverLimits.cachedConversationMs - 1
    expect(read()).toBe(at(1000 + serverLimits.cachedConversationMs - 1))
    clock += 1
    expect(read()).toBeUndefined()
    said(0)
    expect(read()).toBe(at(0))
  })
})
