// Attacks that involve more than one request (docs/SECURITY.md), tried on a real server.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { io } from 'socket.io-client'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as bodies from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { type RequestName, requestSchemas } from '#protocol/requests.ts'
import { splitLinks } from '../../client-web/shared/conversation/links.ts'
import { connectRaw } from '../fuzz/raw-connection.ts'
import { createMatrixFixture, type MatrixFixture, ownersMark, type Role } from './fixtures.ts'
import { overHttp, overSockets, readTable } from './permissions.ts'
import { bodyOf, httpRequestOf, payloads } from './sample-requests.ts'

let fixture: MatrixFixture
beforeAll(async () => {
  fixture = await createMatrixFixture()
})
afterAll(() => fixture.app.stop())

/** An actor whom the matrix permits this request. */
function allowed(table: string, wordsOfName: 1 | 2, name: string): Role {
  const [row] = readTable(table, wordsOfName).filter((one) => one.name === name && one.state !== 'closed')
  const found = (['admin', 'owner'] as const).find((role) => ['sees', 'ok'].includes(row?.outcomes[role] ?? ''))
  return found ?? 'admin'
}

const names = Object.keys(requestSchemas) as RequestName[]
const written = [...new Set(readTable(overHttp, 2).map((row) => row.name))].filter((name) =>
  /^(POST|PATCH) (?!.*(refresh|auth\/logout|attachments))/.test(name),
)

describe('[T02] a customer who tries to join rooms and channels', () => {
  it('has no such request, and receives nothing that is published there', async () => {
    const { owner, stranger } = fixture.people
    const { conversationId } = fixture.shared.pending
    const rooms = [`conversation:${conversationId}`, `user:${owner.account.id}`, 'agents', conversationId, '*']
    for (const name of [
      'join',
      'subscribe',
      'room:join',
      'conversation:join',
      'conversation:subscribe',
      'connection',
    ]) {
      for (const room of rooms) {
        const reply = await stranger.client.socket.timeout(5000).emitWithAck(name, room)
        expect(reply, name).toMatchObject({ ok: false, error: { code: 'invalid_request' } })
      }
    }
    stranger.client.received.length = 0
    await owner.client.request('conversation:open', { conversationId })
    await owner.client.request('message:send', { conversationId, clientMessageId: 'rooms', content: ownersMark })
    await owner.client.next('message:created')
    await stranger.client.request('conversation:list', {})
    expect(stranger.client.received).toEqual([])
  })

  it.each(['/agents', '/admin', '/conversation:1', '//'])('finds no namespace %s', async (namespace) => {
    const { token } = fixture.people.admin.account
    const socket = io(`${fixture.app.url}${namespace}`, { auth: { token }, forceNew: true, reconnection: false })
    const error = await new Promise<Error>((resolve, reject) => {
      socket.once('connect_error', resolve)
      socket.once('connect', () => reject(new Error('was let in')))
    })
    socket.close()
    expect(error.message).toBe('Invalid namespace')
  })
})

/** Fields that only the server decides, in every position. */
const forged = {
  id: 1,
  userId: 1,
  senderId: 1,
  senderRole: 'admin',
  customerId: 1,
  readerId: 1,
  agentId: 1,
  sessionId: 1,
  siteId: 1,
  role: 'admin',
  isAdmin: true,
  status: 'closed',
  seq: 1,
  version: 99,
  lastSeq: 99,
  isRead: true,
  isVerified: true,
  isEmailVerified: true,
  externalId: 'somebody',
  passwordHash: 'x',
  password_hash: 'x',
  disabledAt: null,
  createdAt: '2020-01-01T00:00:00.000Z',
  queuedAt: '2020-01-01T00:00:00.000Z',
  room: 'agents',
  rid: 1,
}

describe('[T03] fields that only the server decides', () => {
  it.each(names)('are not accepted by %s', async (name) => {
    const { account, client } = fixture.people[allowed(overSockets, 1, name)]
    const payload = payloads[name]({ ...fixture.shared.pending, newerToken: account.token })
    const accepted = Object.keys((requestSchemas[name] as unknown as { properties: object }).properties)
    const before = await fixture.rows()
    for (const [key, value] of Object.entries(forged).filter(([key]) => !accepted.includes(key))) {
      const reply = await client.socket.timeout(5000).emitWithAck(name, { ...payload, [key]: value })
      expect(reply, key).toMatchObject({ ok: false, error: { code: 'invalid_request' } })
    }
    expect(await fixture.rows()).toEqual(before)
  })

  it.each(written)('[T07] are not accepted by %s', async (name) => {
    const { account } = fixture.people[allowed(overHttp, 2, name)]
    const { method, path } = httpRequestOf(name, fixture.shared.pending)
    const before = await fixture.rows()
    const accepted = /users/.test(path) ? ['role'] : []
    for (const [key, value] of Object.entries(forged).filter(([key]) => !accepted.includes(key))) {
      const answer = await account.call(method, path.replace('/api/v1', ''), {
        ...bodyOf(name, fixture.shared.pending),
        [key]: value,
      })
      expect(answer, key).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } })
    }
    expect(await fixture.rows()).toEqual(before)
  })
})

it('[T07] each request uses the role in the database, not the role at the time of signing', async () => {
  const { app } = fixture
  const demoted = await app.newAgent({ role: 'admin' })
  expect((await demoted.call('GET', '/users')).status).toBe(200)
  await app.db.updateTable('users').set({ role: 'agent' }).where('id', '=', demoted.id).execute()
  expect((await demoted.call('GET', '/users')).status).toBe(403)
  await app.db.updateTable('users').set({ role: 'customer' }).where('id', '=', demoted.id).execute()
  expect((await demoted.call('GET', '/me')).status).toBe(401)
})

describe('[T09] a form of another site', () => {
  it.each([
    ['application/x-www-form-urlencoded', 'username=mei&password=long+enough'],
    ['text/plain', '{"username":"mei","password":"long enough"}'],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nmei\r\n--x--'],
  ])('of type %s does not log anybody in', async (type, body) => {
    const answer = await fetch(`${fixture.app.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    expect(answer.status).toBe(400)
    expect(answer.headers.getSetCookie()).toEqual([])
  })
})

const injections = [
  "' OR '1'='1",
  "' OR 1=1 -- ",
  "admin'/*",
  '1; DROP TABLE users',
  '" OR ""="',
  "\\' OR 1=1#",
  '%',
  '_',
]

describe('[T14] text that looks like SQL', () => {
  it('is an ordinary username, and a value of another type is refused', async () => {
    const { app } = fixture
    for (const username of injections) {
      expect((await app.call('POST', '/auth/login', { username, password: "' OR '1'='1" })).status).toBe(401)
    }
    for (const odd of [0, 1, true, null, {}, [], ['admin'], { $gt: '' }, { toString: 'admin' }]) {
      for (const body of [
        { username: odd, password: 'long enough' },
        { username: 'admin', password: odd },
      ]) {
        expect((await app.call('POST', '/auth/login', body)).status, JSON.stringify(body)).toBe(400)
      }
      for (const key of ['token', 'resumeToken']) {
        expect((await app.call('POST', '/widget/session', { [key]: odd })).status).toBe(400)
      }
    }
  })

  it('is stored unchanged in every field of a conversation', async () => {
    const { app } = fixture
    for (const [index, text] of injections.entries()) {
      const client = await (await app.newCustomer({ name: text })).connect()
      const { conversation } = await client.request('conversation:start', {
        subject: text,
        page: { url: 'https://shop.example/', title: text },
        message: { clientMessageId: `injection-${index}`, content: text },
      })
      expect(conversation).toMatchObject({ subject: text, customer: { name: text }, lastMessage: { content: text } })
      client.close()
    }
  })

  it('is neither an id nor a cursor nor a number', async () => {
    const { admin } = fixture.people
    const { conversationId } = fixture.shared.open
    for (const id of [
      `${conversationId} or 1=1`,
      `${conversationId}'`,
      `0x${conversationId}`,
      '1e9',
      '-1',
      ' 1',
      '%',
    ]) {
      expect((await admin.account.call('GET', `/conversations/${encodeURIComponent(id)}`)).status, id).toBe(400)
    }
    for (const id of [`${conversationId}`, [conversationId], { id: conversationId }, true, 1.5, -1, 1e300, null]) {
      const reply = await admin.client.ask('conversation:open', { conversationId: id as number })
      expect(reply, JSON.stringify(id)).toMatchObject({ ok: false, error: { code: 'invalid_request' } })
    }
    for (const place of [`2026-01-01T00:00:00.000Z ${conversationId} OR 1=1`, "' 1", '2026-01-01T00:00:00.000Z 0']) {
      const cursor = Buffer.from(place).toString('base64url')
      expect(await admin.client.refused('conversation:list', { cursor })).toBe('invalid_request')
    }
  })
})

it('[T11] the server sends no request to any address from a user, so there is no request to forge', () => {
  const root = fileURLToPath(new URL('../../server', import.meta.url))
  const asks = /\bfetch\(|from 'node:(https|http2|dns)'|\b(undici|axios)\b|\brequest\b.* from 'node:http'/
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  // Commands belong to the operator. Workers pass connections to each other over private sockets.
  const served = files.filter((file) => !/^(commands|cluster\/workers)\//.test(file))
  expect(served.length).toBeGreaterThan(100)
  expect(served.filter((file) => asks.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
})

/** Quadratic code needs seconds. */
const linearMs = 30

describe('[T15] no input takes long to parse', () => {
  const patterns = new Set<string>()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('pattern' in value && typeof value.pattern === 'string') patterns.add(value.pattern)
    for (const inner of Object.values(value)) collect(inner)
  }
  collect([requestSchemas, bodies as Record<string, TSchema | unknown>])
  const parts = ['a', 'A0_-', ' ', '\t', '.', '-', '@', 'a@', ':', '://', 'http://', '[', 'a.', '1', '中', 'a ']
  const ends = ['', '\u0000', '\n', '!', ' ', '@']
  const worst = parts.flatMap((part) =>
    ['', 'a', 'https://', 'a@'].flatMap((begin) =>
      ends.map((end) => begin + part.repeat(limits.requestBytes / part.length) + end),
    ),
  )

  it('with the patterns of the schemas, at the size of a whole request', () => {
    expect(patterns.size).toBeGreaterThan(10)
    for (const pattern of patterns) {
      const compiled = new RegExp(pattern, 'u')
      expect(
        longestMs((text) => compiled.test(text), worst),
        pattern,
      ).toBeLessThan(linearMs)
    }
  })

  it('with the detection of links in a message', () => {
    const tails = ['https://a', 'mailto:', 'http://a ', 'https://[', 'https://a(', 'http://a?'].flatMap((begin) =>
      [')', '.)', ')]', '(', '.', 'https://', 'a@', '\u3000', '?!'].map((part) =>
        (begin + part.repeat(limits.contentLength)).slice(0, limits.contentLength),
      ),
    )
    expect(longestMs(splitLinks, tails)).toBeLessThan(linearMs)
  })
})

/** Milliseconds of the slowest text, each at its fastest of three tries, since other processes run on this machine. */
function longestMs(read: (text: string) => unknown, texts: readonly string[]): number {
  const msOf = (text: string) => {
    const from = performance.now()
    read(text)
    return performance.now() - from
  }
  return Math.max(...texts.map((text) => Math.min(msOf(text), msOf(text), msOf(text))))
}

describe('[T24] keys that reach into prototypes', () => {
  const polluting = [
    '"__proto__":{"polluted":true}',
    '"constructor":{"prototype":{"polluted":true}}',
    '"prototype":{"polluted":true}',
  ]

  it('are refused in every socket request', async () => {
    const raw = {
      admin: await connectRaw(fixture.app.url, fixture.people.admin.account.token),
      owner: await connectRaw(fixture.app.url, fixture.people.owner.account.token),
    }
    for (const name of names) {
      const role = allowed(overSockets, 1, name) as 'admin' | 'owner'
      const payload = payloads[name]({ ...fixture.shared.pending, newerToken: fixture.people[role].account.token })
      for (const keys of polluting) {
        const text = JSON.stringify(payload).replace(/^\{/, Object.keys(payload).length > 0 ? `{${keys},` : `{${keys}`)
        const reply = await raw[role].request(name, text)
        expect(reply, `${name} ${text}`).toMatchObject({ ok: false, error: { code: 'invalid_request' } })
      }
    }
    for (const one of Object.values(raw)) one.close()
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('are refused in every HTTP request', async () => {
    for (const name of written) {
      const { method, path } = httpRequestOf(name, fixture.shared.pending)
      for (const keys of polluting) {
        const { status } = await fetch(fixture.app.url + path, {
          method,
          headers: {
            authorization: `Bearer ${fixture.people[allowed(overHttp, 2, name)].account.token}`,
            'content-type': 'application/json',
          },
          body: `{${keys}}`,
        })
        expect(status, `${name} ${keys}`).toBe(400)
      }
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('[T26] a token in a URL', () => {
  it.each(['token', 'access_token', 'authorization', 'jwt'])(
    'as %s is ignored, in an HTTP request and in a handshake',
    async (key) => {
      const { token } = fixture.people.admin.account
      const answer = await fetch(`${fixture.app.url}/api/v1/me?${key}=${token}`)
      expect(answer.status).toBe(401)
      const socket = io(fixture.app.url, {
        query: { [key]: token },
        forceNew: true,
        reconnection: false,
        transports: ['websocket'],
      })
      const error = await new Promise<Error & { data?: unknown }>((resolve, reject) => {
        socket.once('connect_error', resolve)
        socket.once('connect', () => reject(new Error('was let in')))
      })
      socket.close()
      expect(error.data).toMatchObject({ code: 'unauthorized' })
    },
  )
})
