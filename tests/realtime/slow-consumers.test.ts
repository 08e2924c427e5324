// Clients that do not read, or read slowly: what waits for them is bounded in bytes, and who reads slowly gets
// everything.

import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Message } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { openWebSocket, textFrame } from '../support/raw-socket.ts'
import { startRelay } from '../support/slow-relay.ts'

let app: TestApp
let agent: TestAccount
let conversationId: number
/** Four bytes each, as many as a message may have. */
const longest = '🍵'.repeat(4_000)

/** The last message of the conversation. */
let message: Message

beforeAll(async () => {
  app = await startTestApp()
  const started = await app.startConversation()
  conversationId = started.conversationId
  agent = started.agentAccount
  for (let count = 0; count < 100; count++) {
    const sent = { conversationId, clientMessageId: `m${count}`, content: longest }
    message = (await started.customer.request('message:send', sent)).message
  }
})
afterAll(() => app.stop())

const refused = (reason: string) => app.refusedSockets.entries().find(([name]) => name === reason)?.[1] ?? 0

describe('a page', () => {
  it('[RQ20] [S4] holds no more than 256 KiB, says that there is more, and is walked to the end both ways', async () => {
    const client = await agent.connect()
    const seqs: number[] = []
    for (let beforeSeq: number | undefined; beforeSeq !== 1; beforeSeq = seqs[0]) {
      const range = beforeSeq === undefined ? {} : { beforeSeq }
      const page = await client.request('message:list', { conversationId, ...range, limit: limits.pageSize })
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(limits.pageBytes + 1_000)
      expect(page.hasMore).toBe(page.messages[0]?.seq !== 1)
      seqs.unshift(...page.messages.map(({ seq }) => seq))
    }
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    const forward: number[] = []
    for (let more = true; more; ) {
      const page = await client.request('message:list', { conversationId, afterSeq: forward.at(-1) ?? 0, limit: 100 })
      forward.push(...page.messages.map(({ seq }) => seq))
      more = page.hasMore
    }
    expect(forward).toEqual(seqs)
    const opened = await client.request('conversation:open', { conversationId, limit: limits.pageSize })
    expect(Buffer.byteLength(JSON.stringify(opened.messages))).toBeLessThan(limits.pageBytes + 1_000)
    expect(opened.hasMore).toBe(true)
    client.close()
  })

  it('[RQ20] [S4] of conversations too: each is seen once', async () => {
    const { id } = await app.newCustomer()
    await app.fillQueue(id, 60)
    await sql`insert into messages (conversation_id, sender_id, seq, client_message_id, type, content, version, created_at)
      select id, customer_id, 1, concat('c', id), 'text', ${longest}, version + 1, current_timestamp(3) from conversations where customer_id = ${id}`.execute(
      app.db,
    )
    await sql`update conversations set last_seq = 1, version = version + 1 where customer_id = ${id}`.execute(app.db)
    const client = await agent.connect()
    const ids: number[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await client.request('conversation:list', {
        view: 'queue',
        limit: 100,
        ...(cursor ? { cursor } : {}),
      })
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(limits.pageBytes + 1_000)
      ids.push(...page.conversations.map((one) => one.id))
      cursor = page.nextCursor
    }
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThanOrEqual(60)
    client.close()
  })
})

describe('a client that does not read', () => {
  it('[RQ21] [S4] has its next page read only when it has read the last, so that little waits for it', {
    timeout: 10_000,
  }, async () => {
    const tcp = await openWebSocket(app.url, { token: agent.token })
    tcp.socket.pause()
    const ask = textFrame(`421["message:list",${JSON.stringify({ conversationId, limit: 100 })}]`)
    for (let count = 0; count < 200; count++) tcp.socket.write(ask)
    // The kernel takes the first ones.
    await expect.poll(waiting, { timeout: 8_000 }).toBeGreaterThan(budgets.unreadBytesBeforePage.bytes)
    for (let looks = 0; looks < 20; looks++) {
      expect(waiting()).toBeLessThan(budgets.unreadBytesBeforePage.bytes + 2 * limits.pageBytes)
      await sleep(20)
    }
    expect(tcp.isClosed()).toBe(false)
    tcp.socket.destroy()
  })

  it('[CN8] [S1] [S4] is ended when more than a MiB waits for it', async () => {
    const tcp = await openWebSocket(app.url, { token: agent.token })
    tcp.socket.write(textFrame(`421["conversation:open",${JSON.stringify({ conversationId, limit: 1 })}]`))
    await tcp.until('431[')
    tcp.socket.pause()
    const before = refused('slow')
    for (let count = 0; refused('slow') === before && count < 2_000; count++) {
      app.publish('message:created', { conversationId }, message)
      await new Promise(setImmediate)
    }
    expect(refused('slow')).toBe(before + 1)
  }, 20_000)
})

it('[RQ21] [S4] a slow phone gets every page that it asks for together, however long that takes', async () => {
  const relay = await startRelay(app.url, 400_000)
  const client = await connectClient(relay.url, agent.token)
  const startedAt = performance.now()
  const replies = await Promise.all(
    Array.from({ length: 4 }, () => client.ask('message:list', { conversationId, limit: limits.pageSize })),
  )
  expect(replies.map(({ ok }) => ok)).toEqual(replies.map(() => true))
  expect(performance.now() - startedAt).toBeGreaterThan(1_500)
  client.close()
  relay.stop()
}, 15_000)

/** Bytes that wait for all connections of the app. */
function waiting(): number {
  return openSockets().reduce((sum, socket) => sum + socket.writableLength, 0)
}

function openSockets(): Socket[] {
  const all = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles()
  const port = Number(new URL(app.url).port)
  return all.filter((handle) => handle instanceof Socket && handle.localPort === port) as Socket[]
}
