// The account of a client: a login or a customer session whose token is renewed the way a browser does it.

import type { WidgetSessionReply } from '#protocol/http.ts'
import type { Journal } from './journal.ts'

export interface Account {
  id: number
  role: 'customer' | 'agent'
  token(): string
  /** Gets the next token. Throws without a reply. A session that ended is a violation. */
  renew(): Promise<string>
}

export interface AgentAccount extends Account {
  /** Throws without a reply. */
  rename(name: string): Promise<void>
}

interface TokenReply {
  token: string
}

interface HttpReply {
  status: number
  body: unknown
  cookie: string
}

export const post = (url: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  call('POST', url, path, body, headers)

async function call(method: string, url: string, path: string, body: unknown, headers: Record<string, string>) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(4000),
  })
  const reply: HttpReply = {
    status: response.status,
    body: await response.json(),
    cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '',
  }
  return reply
}

function bodyOf<T>({ status, body }: HttpReply): T {
  if (status >= 400) throw new Error(`reply ${status}: ${JSON.stringify(body)}`)
  return body as T
}

export async function logIn(url: string, username: string, password: string, journal: Journal): Promise<AgentAccount> {
  const first = await post(url, '/auth/login', { username, password })
  const { user } = bodyOf<{ user: { id: number } }>(first)
  let { token } = bodyOf<TokenReply>(first)
  let cookie = first.cookie
  return {
    id: user.id,
    role: 'agent',
    token: () => token,
    async renew() {
      const next = await post(url, '/auth/refresh', {}, { cookie })
      if (next.status === 401) journal.violation(`the login session of ${username} was lost`)
      token = bodyOf<TokenReply>(next).token
      cookie = next.cookie
      return token
    },
    async rename(name) {
      const { status } = await call('PATCH', url, '/me', { name }, { authorization: `Bearer ${token}` })
      if (status === 500) journal.violation(`the new name of ${username} was answered internal`)
      if (status === 200) journal.count('agents renamed')
    },
  }
}

export async function newCustomer(url: string, journal: Journal): Promise<Account> {
  let held = bodyOf<WidgetSessionReply>(await post(url, '/widget/session', {}))
  const { id } = held.customer
  return {
    id,
    role: 'customer',
    token: () => held.token,
    async renew() {
      const { resumeToken } = held
      const next = bodyOf<WidgetSessionReply>(await post(url, '/widget/session', { resumeToken }))
      if (next.customer.id !== id) journal.violation(`the session of customer ${id} became that of another`)
      held = next
      return held.token
    },
  }
}
