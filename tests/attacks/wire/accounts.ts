// Customers and agents for attacks: sessions over HTTP, each from its own address so that preparation is never refused.

import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from '../attack.ts'
import { openWebSocket, type RawWebSocket } from './web-socket.ts'

export interface HttpReply {
  status: number
  body: Record<string, unknown>
}

export interface CallOptions {
  from?: string
  token?: string
  headers?: Record<string, string>
  /** A body that is not JSON. */
  raw?: { type: string; body: Buffer }
}

const agents = new Map<string, Agent>()

function agentFor(localAddress: string): Agent {
  const found = agents.get(localAddress) ?? new Agent({ localAddress, keepAlive: true, maxSockets: 16 } as object)
  agents.set(localAddress, found)
  return found
}

export function call(
  { host, port, address }: Target,
  method: string,
  path: string,
  body?: unknown,
  { from = address(), token, headers, raw }: CallOptions = {},
): Promise<HttpReply> {
  const content = raw?.body ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)))
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host,
        port,
        path: `/api/v1${path}`,
        method,
        agent: agentFor(from),
        headers: {
          ...(content ? { 'content-type': raw?.type ?? 'application/json', 'content-length': content.length } : {}),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...headers,
        },
        timeout: 30_000,
      },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        incoming.on('error', reject)
        incoming.on('end', () => {
          try {
            resolve({ status: incoming.statusCode ?? 0, body: text === '' ? {} : JSON.parse(text) })
          } catch (error) {
            reject(error)
          }
        })
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', reject)
    outgoing.end(content)
  })
}

/** A page or file of any type. */
export async function fetchPage(target: Target, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { host, port } = target
    const outgoing = request({ host, port, path, agent: agentFor(target.address()), timeout: 30_000 }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      incoming.on('error', reject).on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', reject).end()
  })
}

export interface Customer {
  id: number
  token: string
  resumeToken: string
  from: string
}

/** Twenty of one address, below its budget for new sessions. */
export async function newCustomers(target: Target, count: number): Promise<Customer[]> {
  const customers: Customer[] = []
  for (let n = 0; n < count; n++) {
    const from = target.address(1000 + Math.floor(n / 20))
    const { status, body } = await call(target, 'POST', '/widget/session', {}, { from })
    if (status !== 200) throw new Error(`no session for customer ${n}: ${status}`)
    const { customer, token, resumeToken } = body as { customer: { id: number }; token: string; resumeToken: string }
    customers.push({ id: customer.id, token, resumeToken, from })
  }
  return customers
}

export const newCustomer = async (target: Target): Promise<Customer> => (await newCustomers(target, 1))[0] as Customer

/** A customer with a connection and a conversation with one message. */
export async function newConversation(target: Target, customer?: Customer) {
  const owner = customer ?? (await newCustomer(target))
  const socket = await openWebSocket(target, { token: owner.token })
  const conversationId = await startConversation(socket)
  return { customer: owner, socket, conversationId }
}

export async function startConversation(socket: RawWebSocket): Promise<number> {
  const reply = await socket.request('conversation:start', { message: { clientMessageId: 'first', content: 'Hello' } })
  if (!reply?.ok) throw new Error(`no conversation: ${JSON.stringify(reply)}`)
  return (reply.data as { conversation: { id: number } }).conversation.id
}

/** Sends messages at the customer's maximum rate, so it takes a while. */
export async function sendMessages(socket: RawWebSocket, conversationId: number, count: number, content: string) {
  for (let n = 0; n < count; n++) {
    for (;;) {
      const payload = { conversationId, clientMessageId: `fill${n}`, content }
      const reply = await socket.request('message:send', payload)
      if (reply === null) throw new Error('the connection ended while sending messages')
      if (reply.ok) break
      await sleep(250)
    }
  }
}

export async function logIn(target: Target): Promise<string> {
  const { status, body } = await call(target, 'POST', '/auth/login', target.admin, { from: target.address(2000) })
  if (status !== 200) throw new Error(`the admin could not log in: ${status}`)
  return body.token as string
}
