// Anybody with access to Redis can publish anything. No message may stop a node, reach a client or close a
// connection, and later events of nodes must still arrive.

import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRejectedMessages } from '../../server/cluster/rejected-messages.ts'
import { signatureBytes, signBus } from '../../server/cluster/signed-bus.ts'
import { asToPrimary, asToWorker } from '../../server/cluster/workers/ipc-messages.ts'
import { createLog } from '../../server/process/log.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { findRedis } from '../support/programs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/server-process.ts'

/** Signed messages are delivered whatever event they hold. */
const anyEvents = { checksEvents: false }

const emit = 6
/** Requests of Socket.IO's adapter with missing parts, other types, too large, or from unknown nodes. */
const requests: unknown[] = [
  null,
  true,
  0,
  'text',
  [],
  {},
  [null],
  { type: null },
  { type: emit },
  { type: emit, uid: 'x', data: null },
  { type: emit, uid: 'x', data: {} },
  { type: emit, uid: 'x', data: [] },
  { type: emit, uid: 'x', data: [null] },
  { type: emit, uid: 'x', data: ['error', new Array(10).fill('x')] },
  { type: emit, uid: 'x', data: ['connection', null] },
  { type: emit, uid: 'x', data: ['new_namespace', null] },
  { type: emit, uid: 'x', data: 'rates:counted', requestId: 'x' },
  { type: emit, uid: 'x', data: ['rates:counted'], requestId: 'x' },
  { type: emit, uid: 'x', data: ['rates:counted', 'x'], requestId: null },
  { type: emit, uid: { toString: null }, data: ['rates:counted', []] },
  ...[undefined, null, 1, 'x', [null], [[]], [[1, 2]], [['customerMessages:1', -1]], [['customerMessages:1', 'x']]].map(
    (counted) => ({ type: emit, uid: 'x', data: ['rates:counted', counted] }),
  ),
  { type: emit, uid: 'x', data: ['rates:counted', new Array(100_000).fill(['customerMessages:1', 1e308])] },
  { type: emit, uid: 'x', data: ['rates:counted', [['__proto__:1', 1]], [['constructor:1', 1]]] },
  ...[
    undefined,
    null,
    1,
    'x',
    [],
    {},
    { userId: null },
    { userId: '1' },
    { userId: Number.MAX_VALUE },
    { userId: {} },
  ].map((match) => ({
    type: emit,
    uid: 'x',
    data: ['connections:end', match, 'revoked'],
  })),
  { type: emit, uid: 'x', data: ['connections:end', { userId: 1 }] },
  { type: emit, uid: 'x', data: ['connections:end', { userId: 1 }, 'no reason'] },
  { type: emit, uid: 'x', data: ['connections:end', { userId: 1, sessionId: [] }, 'revoked'] },
  ...Array.from({ length: 12 }, (_, type) => [
    { type },
    { type, uid: 'x', requestId: 'x' },
    { type, uid: 'x', requestId: 'x', opts: null },
    { type, uid: 'x', requestId: 'x', opts: { rooms: 1, except: {} }, rooms: 1 },
    { type, uid: 'x', requestId: 'x', opts: { rooms: [], except: [] }, close: true, rooms: ['agents'] },
    { type, uid: 'x', requestId: 'x', sid: '__proto__', room: null },
    {
      type,
      uid: 'x',
      requestId: 'x',
      packet: { type: 2, data: ['message:created', null] },
      opts: { rooms: [], except: [] },
    },
  ]).flat(),
]
const texts = [
  '',
  '{',
  '{}',
  '[',
  'null',
  '{"type":6',
  '{"__proto__":{"type":6}}',
  `${'['.repeat(100_000)}`,
  `{"a":"${'x'.repeat(5_000_000)}"}`,
]
/** Truncated MessagePack: lists, maps and texts longer than the data, unknown types, nil. */
const packed = [
  [0xc0],
  [0xc1],
  [0x90],
  [0x93],
  [0x93, 0xc0, 0xc0, 0xc0],
  [0x93, 0xa1, 0x78, 0x80, 0xc0],
  [0x93, 0xa1, 0x78, 0x80, 0x80],
  [0x93, 0xa1, 0x78, 0x81, 0xa4, 0x64, 0x61, 0x74, 0x61, 0xc0, 0x80],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xd4, 0x00],
  new Array(200_000).fill(0x91),
].map((bytes) => Buffer.from(bytes))

describe.skipIf(!findRedis())('a node on a bus that anybody can write to', () => {
  let redis: RedisServer
  let here: TestApp
  let there: TestApp
  let writer: ReturnType<typeof createClient>
  const lines: string[] = []
  const ends: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    redis = await startRedis()
    ends.push(redis.stop)
    here = await startTestApp({ node: { redisUrl: redis.url }, log: (line) => lines.push(line) })
    ends.push(here.stop)
    there = await startTestApp({ node: { redisUrl: redis.url, beside: here }, log: (line) => lines.push(line) })
    ends.push(there.stop)
    await until(() => here.redis?.isUp() === true && there.redis?.isUp() === true)
    writer = createClient({ url: redis.url })
    await writer.connect()
    ends.push(() => writer.close())
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  /** The three kinds of channels of Socket.IO's adapter, and the channel of its pattern. */
  async function channels(): Promise<string[]> {
    const [request] = (await writer.pubSubChannels('kefu:*-request#*')) as string[]
    if (request === undefined) throw new Error('nobody listens')
    const key = request.slice(0, request.indexOf('-request#'))
    return [
      request,
      `${key}-response#/#`,
      `${key}-response#/#abcdef#`,
      `${key}#/#`,
      `${key}#/#agents#`,
      `${key}#/#__proto__#`,
    ]
  }

  /** A broadcast of a node as it is on the wire, with its signature. */
  async function broadcastOf(client: Client): Promise<Buffer> {
    const [, , , channel] = await channels()
    const listener = createClient({ url: redis.url })
    await listener.connect()
    const received = Promise.withResolvers<Buffer>()
    await listener.pSubscribe(`${channel}*`, (message) => received.resolve(message), true)
    await client.request('agent:set-status', { status: 'busy' })
    const message = await received.promise
    await listener.close()
    return message
  }

  const unsigned = (message: Buffer) => message.subarray(signatureBytes)

  async function assertDelivers(): Promise<void> {
    const own = await here.startConversation()
    const agent = await there.connect(own.agentAccount, anyEvents)
    await agent.request('conversation:open', { conversationId: own.conversationId })
    for (let i = 1; i <= 5; i++) {
      const message = { conversationId: own.conversationId, clientMessageId: `m${i}`, content: `line ${i}` }
      await own.customer.request('message:send', message)
    }
    await agent.next('message:created', ({ seq }) => seq === 5)
    expect(agent.all('message:created').map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
  }

  it('[ND20] [ND21] [S10] keeps serving and delivering whatever is published on any channel, signed or not', async () => {
    const account = await here.newAgent()
    const [watcher, admin] = [await there.connect(account, anyEvents), await (await here.newAgent()).connect(anyEvents)]
    const broadcast = unsigned(await broadcastOf(admin))
    const cut = Array.from({ length: 40 }, (_, i) => broadcast.subarray(0, Math.floor((broadcast.length * i) / 40)))
    const flipped = Array.from({ length: 120 }, (_, i) => {
      const changed = Buffer.from(broadcast)
      const at = (i * 7) % changed.length
      changed[at] = (changed[at] as number) ^ (1 << (i % 8))
      return changed
    })
    const messages = [
      ...requests.map((request) => Buffer.from(JSON.stringify(request) ?? '')),
      ...texts.map((text) => Buffer.from(text)),
      ...packed,
      ...cut,
      ...flipped,
    ]
    const publish = (channel: string, message: string | Buffer) => writer.publish(channel, message)
    const sent: Promise<unknown>[] = []
    const bus = {
      publish: (channel: string, message: string | Buffer) => void sent.push(publish(channel, message)),
      subscribe() {},
    }
    const signed = signBus(bus, here.jwtSecrets, createRejectedMessages(createLog('silent'), 'test'))
    for (const channel of await channels()) {
      for (const message of messages) {
        bus.publish(channel, message)
        signed.publish(channel, message)
      }
      await Promise.all(sent.splice(0))
    }
    await assertDelivers()
    expect(watcher.socket.connected).toBe(true)
    const dropped = lines.filter((line) => line.includes('bus message dropped'))
    expect(new Set(dropped.map((line) => JSON.parse(line).kind)).size).toBeGreaterThan(1)
    expect(dropped.length).toBeLessThanOrEqual(2 * 4)
    expect(messages.length).toBeGreaterThan(250)
  })

  it('[ND21c] [S10] drops a message that was recorded and is published again, from another channel too', async () => {
    const account = await here.newAgent()
    const watcher = await there.connect(await here.newAgent(), anyEvents)
    const broadcast = await broadcastOf(await account.connect(anyEvents))
    const ofAccount = ({ agentId, status }: { agentId: number; status: string }) =>
      agentId === account.id && status === 'busy'
    await watcher.next('agent:status-changed', ofAccount)
    const dropped = () => lines.filter((line) => /"kind":"(replayed|not signed)"/.test(line)).length
    const before = dropped()
    for (const channel of (await channels()).slice(3)) {
      for (let times = 0; times < 5; times++) await writer.publish(channel, broadcast)
    }
    await assertDelivers()
    await until(() => dropped() > before)
    expect(watcher.all('agent:status-changed').filter(ofAccount).length).toBe(1)
  })

  it('[ND21] [S10] accepts no event, disconnect or counted rate from anybody but a node', async () => {
    const account = await here.newAgent()
    const victim = await there.connect(account, anyEvents)
    const [request = '', , , all = ''] = await channels()
    const end = { type: emit, uid: 'x', data: ['connections:end', { userId: account.id }, 'revoked'] }
    const broadcast = unsigned(await broadcastOf(await (await here.newAgent()).connect(anyEvents)))
    await victim.next('agent:status-changed', ({ status }) => status === 'busy')
    const before = victim.all('agent:status-changed').length
    for (const secrets of [['another secret of another installation'], null]) {
      const bus = {
        publish: (channel: string, message: string | Buffer) => void writer.publish(channel, message),
        subscribe() {},
      }
      const forged = secrets ? signBus(bus, secrets, createRejectedMessages(createLog('silent'), 'test')) : bus
      forged.publish(request, JSON.stringify(end))
      forged.publish(all, broadcast)
    }
    await writer.ping()
    await assertDelivers()
    expect(victim.socket.connected).toBe(true)
    expect(victim.all('agent:status-changed').filter(({ status }) => status === 'busy').length).toBeLessThanOrEqual(
      before,
    )
  })
})

describe('messages between workers and their primary', () => {
  const odd = [
    null,
    undefined,
    0,
    'ready',
    [],
    {},
    { kind: null },
    { kind: 'publish' },
    { kind: 'publish', messages: {} },
    { kind: 'published', messages: 1 },
    { kind: 'start' },
    { kind: 'start', id: 1, jwtSecrets: 'x' },
    { kind: 'exit' },
    { kind: 'ready', ready: 'x' },
  ]

  it.each(odd.map((value) => [JSON.stringify(value), value]))(
    '[ND22] [S10] are rejected when malformed: %s',
    (_, value) => {
      expect(asToWorker(value)).toBeNull()
      if (!(typeof value === 'object' && value && 'ready' in value)) expect(asToPrimary(value)).toBeNull()
    },
  )

  it('[ND22] [S10] lose only the malformed messages of a batch', () => {
    const good = ['channel', Buffer.from('x')]
    const messages = [
      good,
      null,
      [],
      ['channel'],
      ['channel', 'text'],
      [1, Buffer.from('x')],
      ['c'.repeat(300), Buffer.from('x')],
    ]
    expect(asToPrimary({ kind: 'publish', messages })).toEqual({ kind: 'publish', messages: [good] })
    expect(asToWorker({ kind: 'published', messages })).toEqual({ kind: 'published', messages: [good] })
  })

  it('[ND20] a flood of rejected messages logs one line per minute and kind', () => {
    const lines: string[] = []
    let time = 0
    const rejected = createRejectedMessages(
      createLog('info', { write: (line) => lines.push(line) }),
      'test',
      () => time,
    )
    for (let i = 0; i < 1_000; i++) rejected.count(i % 2 ? 'malformed' : 'too large', new Error('x'))
    expect(lines).toHaveLength(2)
    time += 60_001
    rejected.count('malformed')
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({ kind: 'malformed', alsoSinceLast: 499 })
  })
})
