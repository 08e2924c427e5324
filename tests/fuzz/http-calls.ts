// Calls on every HTTP route with bodies, queries, paths, headers and bytes that are wrong.

import { connect } from 'node:net'
import { limits } from '#protocol/limits/wire.ts'
import type { Random } from '../chaos/random.ts'
import { damage, mutate, oddCursors } from './malformed.ts'

export interface Route {
  method: string
  path: string
}

export interface HttpTarget {
  url: string
  routes: readonly Route[]
  /** Of accounts that may come to harm. */
  tokens: readonly string[]
  /** The admin among them, and a conversation: the only ids of anything real. */
  userId: number
  conversationId: number
}

/** Every route, as the server itself describes them. */
export async function listRoutes(url: string): Promise<Route[]> {
  const description = (await (await fetch(`${url}/api/docs/json`)).json()) as { paths: Record<string, object> }
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
}

const body = {
  username: 'somebody',
  password: 'long enough',
  name: '韩梅梅',
  role: 'agent',
  email: 'mei@example.com',
  clientMessageId: 'x',
  content: '你好',
  origins: ['https://shop.example'],
}
/** The fields of each route's own body; others get one of all. */
const fields: Record<string, (keyof typeof body)[]> = {
  '/auth/login': ['username', 'password'],
  '/me': ['name'],
  '/users': ['username', 'password', 'name', 'role', 'email'],
  '/users/{id}': ['name', 'email'],
  '/sites': ['name', 'origins'],
  '/widget/session': ['name', 'email'],
  '/conversations/{id}/messages': ['clientMessageId', 'content'],
}
const oddPaths = [
  '0',
  '-1',
  '999999999999999',
  '99999999999999999999',
  '1e3',
  '%00',
  '%ff',
  '..%2f..',
  '__proto__',
  '{id}',
  'a'.repeat(3_000),
]
const types = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'multipart/form-data',
  'application/x-www-form-urlencoded',
  '',
]
const views = [
  'view=queue',
  'view=all&limit=1',
  'limit=0',
  'limit=101',
  'limit=1&limit=2',
  'cursor=AAAA',
  ...oddCursors.map((cursor) => `view=all&cursor=${cursor}`),
  'before=1&after=1',
  'after=99999999999999999',
  '__proto__=1',
  'view[a]=1',
]

/** Of a session none: who ends the own one by chance is not let in again, and rightly so. */
function realId(path: string, { userId, conversationId }: HttpTarget): string {
  if (path.includes('/sessions/')) return '999999999'
  return String(path.includes('/users/') ? userId : conversationId)
}

/** One call; its status, 0 where the server ended the connection. */
export async function callOddly(target: HttpTarget, random: Random): Promise<{ status: number; about: string }> {
  const route = random.pick(target.routes)
  const own =
    Object.entries(fields).find(([path]) => route.path.endsWith(path))?.[1] ??
    (Object.keys(body) as (keyof typeof body)[])
  const text = mutate(Object.fromEntries(own.map((key) => [key, body[key]])), random)
  const real = realId(route.path, target)
  const path = route.path
    .replace('{id}', random.next() < 0.7 ? real : random.pick(oddPaths))
    .replace(/\{\w+\}/, () => random.pick(oddPaths))
  const address = `${path}${random.next() < 0.5 ? '' : `?${random.pick(views)}`}`
  const about = `${route.method} ${address.slice(0, 200)} ${text.slice(0, 300)}`
  if (random.next() < 0.1)
    return {
      status: await sendBytes(
        target.url,
        damage(`${route.method} ${address} HTTP/1.1\r\nHost: x\r\n\r\n${text}`, random),
      ),
      about,
    }
  const sendsBody = route.method !== 'GET' && route.method !== 'HEAD'
  try {
    const response = await fetch(`${target.url}${address}`, {
      method: route.method,
      signal: AbortSignal.timeout(15_000),
      headers: {
        ...(random.next() < 0.9
          ? { authorization: `Bearer ${random.pick([...target.tokens, ...target.tokens, 'x', '__proto__'])}` }
          : {}),
        ...(random.next() < 0.2
          ? { cookie: random.pick(['kefu_refresh=1.x', 'kefu_refresh=', '__proto__=1', ';;==', 'kefu_refresh=%ff']) }
          : {}),
        ...(sendsBody ? { 'content-type': random.next() < 0.8 ? 'application/json' : random.pick(types) } : {}),
      },
      ...(sendsBody ? { body: new Uint8Array(random.next() < 0.85 ? Buffer.from(text) : damage(text, random)) } : {}),
    })
    await response.arrayBuffer()
    return { status: response.status, about }
  } catch (error) {
    // A body far past the limit is answered while it is still on its way, which ends the connection.
    if (text.length > limits.requestBytes) return { status: 0, about }
    throw new Error(`no answer to ${about}`, { cause: error })
  }
}

/** What is not HTTP, or no longer; the status of what came back. */
function sendBytes(url: string, bytes: Buffer): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)))
  })
}
