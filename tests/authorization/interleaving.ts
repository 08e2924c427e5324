// One person at work over WebSocket or polling and HTTP, with slow bodies and token renewals, until their session is
// ended at a random moment. The database at the reply to the revocation must equal the database after all pending
// requests.

import type { RequestName } from '#protocol/requests.ts'
import { hashSecret, newSecret, writeToken } from '../../server/auth/rotating-token.ts'
import { boundary, filePart, formOf } from '../attachments/uploads.ts'
import type { Random } from '../chaos/random.ts'
import type { TestAccount, TestApp } from '../support/app.ts'
import { type Client, connectClient } from '../support/client.ts'
import { startSlowCall } from '../support/slow-call.ts'

const password = 'correct horse 电池'
/** All steps of a run start within this many milliseconds. */
const span = 40

export interface World {
  app: TestApp
  /** Ends the sessions of others; never ended itself. */
  root: TestAccount
}

/** The steps in the order of their start, for debugging. */
export interface RunLog {
  log: string[]
  /** Violations. */
  violations: string[]
  /** The numbers of refused and of successful requests. */
  refused: number
  done: number
}

interface Victim {
  account: TestAccount
  role: 'customer' | 'agent' | 'admin'
  /** The refresh cookie of agents and admins, the resume token of customers. */
  renewalToken: string
  /** Their own first, then those in the queue. */
  conversationIds: number[]
  customerId: number
  word: string
}

export async function runInterleaving(world: World, random: Random, number: number): Promise<RunLog> {
  const { app } = world
  const story: RunLog = { log: [], violations: [], refused: 0, done: 0 }
  const role = random.pick(['customer', 'agent', 'admin', 'admin'] as const)
  const victim = await createVictim(world, role, `run${number}`)
  const transport = random.pick(['websocket', 'polling'] as const)
  const client = await connectClient(app.url, victim.account.token, { transports: [transport] })
  const session: VictimSession = { world, victim, client, token: victim.account.token, story, isOver: false }
  const endsAt = random.between(5, span)
  const planned = [
    ...times(random.between(3, 8), () => planRequest(random, victim)),
    ...times(random.between(2, 4), () => planSlowCall(random, victim)),
    ...times(random.between(0, 2), () => renew),
  ].map((step) => ({ step, at: random.between(0, span) }))
  const ending = planRevocation(random, role)
  story.log.push(`${role} over ${transport}, ${ending.name} at ${endsAt}`)

  const all = planned.map(async ({ step, at }) => {
    await sleep(at)
    await step(session)
  })
  await sleep(endsAt)
  await ending.end(world, victim)
  session.isOver = true
  story.log.push('ended')
  const strict = await snapshot(app, victim, 'strict')
  await Promise.all([app.messageWriter.drain(), app.receiptWriter.drain()])
  const drained = await snapshot(app, victim, 'drained')
  await Promise.all(all)
  client.close()
  await Promise.all([app.messageWriter.drain(), app.receiptWriter.drain()])
  for (const [kind, before] of [
    ['strict', strict],
    ['drained', drained],
  ] as const) {
    const after = await snapshot(app, victim, kind)
    if (after !== before) story.violations.push(`was written after the revocation: ${before} became ${after}`)
  }
  return story
}

/** The state of the victim's session that the steps use. */
interface VictimSession {
  world: World
  victim: Victim
  client: Client
  /** The newest token. */
  token: string
  story: RunLog
  /** True once the revocation has its reply. */
  isOver: boolean
}

type Step = (session: VictimSession) => Promise<void>

async function createVictim({ app }: World, role: Victim['role'], word: string): Promise<Victim> {
  const { resumeToken, ...customer } = await widgetCustomer(app)
  const agent = await app.newAgent(role === 'admin' ? { role } : {})
  const secret = newSecret()
  await app.db
    .updateTable('login_sessions')
    .set({ token_hash: hashSecret(secret) })
    .where('id', '=', agent.sessionId)
    .execute()
  await app.fillQueue(customer.id, 4)
  const rows = app.db.selectFrom('conversations').select('id').where('customer_id', '=', customer.id).orderBy('id')
  const conversationIds = (await rows.execute()).map(({ id }) => id)
  await app.db
    .updateTable('conversations')
    .set({ status: 'pending', agent_id: agent.id, queued_at: null, last_seq: 2, version: 3 })
    .where('id', '=', conversationIds[0] as number)
    .execute()
  const said = (seq: number, senderId: number) => ({
    conversation_id: conversationIds[0] as number,
    sender_id: senderId,
    seq,
    version: seq + 1,
    client_message_id: `said-${seq}`,
    content: 'hello',
  })
  await app.db
    .insertInto('messages')
    .values([said(1, customer.id), said(2, agent.id)])
    .execute()
  const isCustomer = role === 'customer'
  return {
    account: isCustomer ? customer : agent,
    role,
    renewalToken: isCustomer ? resumeToken : writeToken(agent.sessionId, secret),
    conversationIds,
    customerId: customer.id,
    word,
  }
}

async function widgetCustomer(app: TestApp): Promise<TestAccount & { resumeToken: string }> {
  const customer = await app.newCustomer()
  const secret = newSecret()
  await app.db
    .updateTable('customer_sessions')
    .set({ token_hash: hashSecret(secret) })
    .where('id', '=', customer.sessionId)
    .execute()
  return { ...customer, resumeToken: writeToken(customer.sessionId, secret) }
}

/** A socket request of a random kind. */
function planRequest(random: Random, { role, conversationIds, customerId, word }: Victim): Step {
  const [own = 0, ...others] = conversationIds
  const conversationId = random.pick(role === 'admin' ? conversationIds : [own])
  const clientMessageId = `${word}-${random.between(0, 1e9)}`
  const forBoth: [RequestName, object][] = [
    ['message:send', { conversationId, clientMessageId, content: 'hello' }],
    ['message:send', { conversationId: own, clientMessageId, content: 'hello' }],
    ['message:mark-read', { conversationId: own, seq: random.between(1, 9) }],
    ['conversation:close', { conversationId: own }],
    ['conversation:reopen', { conversationId: own }],
    ['typing:set', { conversationId: own, typing: true }],
  ]
  const forAgents: [RequestName, object][] = [
    ['conversation:claim', { conversationId: random.pick(others) }],
    ['conversation:claim', { conversationId: random.pick(others) }],
    ['conversation:release', { conversationId: own }],
    ['customer:set-blocked', { customerId, blocked: random.next() < 0.5 }],
    ['agent:set-status', { status: random.pick(['offline', 'busy']) }],
  ]
  const [name, payload] = random.pick(role === 'customer' ? forBoth : [...forBoth, ...forAgents])
  return async ({ client: { socket }, story, isOver }) => {
    if (!socket.connected) return
    story.log.push(`${name} begins`)
    const reply = await socket
      .timeout(10_000)
      .emitWithAck(name, payload)
      .catch(() => null)
    note(story, `${name}${isOver ? ' after the end' : ''}`, reply?.ok ? 200 : 401)
    if (isOver && reply?.ok) story.violations.push(`${name} succeeded after the revocation`)
  }
}

interface Call {
  method: string
  path: string
  json?: object
}

/** An HTTP request whose body ends at a random time after its start. */
function planSlowCall(random: Random, { role, account, conversationIds, word }: Victim): Step {
  const unique = `${word}-${random.between(0, 1e9)}`
  const forBoth: Call[] = [
    {
      method: 'POST',
      path: `/conversations/${conversationIds[0]}/messages`,
      json: { clientMessageId: unique, content: 'hello' },
    },
    { method: 'POST', path: '/attachments' },
  ]
  const forAgents: Call[] = [{ method: 'PATCH', path: '/me', json: { name: unique } }]
  const forAdmins: Call[] = [
    { method: 'POST', path: '/users', json: { username: unique, password, name: unique, role: 'admin' } },
    { method: 'PATCH', path: `/users/${account.id}`, json: { isDisabled: false, role: 'admin' } },
    { method: 'POST', path: '/sites', json: { name: unique } },
  ]
  const { method, path, json } = random.pick([
    ...forBoth,
    ...(role === 'customer' ? [] : forAgents),
    ...(role === 'admin' ? forAdmins : []),
  ])
  const takes = random.between(0, span)
  const part = random.next()
  return async (session) => {
    const { world, token, story } = session
    story.log.push(`${method} ${path} begins`)
    const body = json ? JSON.stringify(json) : formOf(filePart('some text', 'note.txt'))
    const type = json ? 'application/json' : `multipart/form-data; boundary=${boundary}`
    const first = 1 + Math.floor(part * (body.length - 1))
    const call = startSlowCall(world.app.url, { method, path: `/api/v1${path}`, token, type, body, first })
    await sleep(takes)
    const { isOver } = session
    const { status } = await call.finish().catch(() => ({ status: 0 }))
    note(story, `${method} ${path}${isOver ? ', whose body ended after the end' : ''}`, status)
    if (isOver && status >= 200 && status < 300)
      story.violations.push(`${method} ${path} succeeded after the revocation`)
  }
}

/** Requests a newer token over HTTP and renews the connection with it. */
const renew: Step = async (session) => {
  const { world, victim, client, story, isOver } = session
  story.log.push('renews')
  const isCustomer = victim.role === 'customer'
  const answer = isCustomer
    ? await world.app.call('POST', '/widget/session', { site: world.app.siteKey, resumeToken: victim.renewalToken })
    : await world.app.call('POST', '/auth/refresh', undefined, { cookie: `kefu_refresh=${victim.renewalToken}` })
  const { token, customer } = answer.body as { token?: string; customer?: { id: number } }
  const isOthers = customer !== undefined && customer.id !== victim.account.id
  note(story, 'renewal', isOthers ? 401 : answer.status)
  if (isOver && answer.status === 200 && !isOthers) story.violations.push('a token was renewed after the revocation')
  if (token === undefined || isOthers) return
  session.token = token
  if (client.socket.connected)
    await client.socket
      .timeout(10_000)
      .emitWithAck('session:renew', { token })
      .catch(() => null)
}

interface Revocation {
  name: string
  end(world: World, victim: Victim): Promise<unknown>
}

function planRevocation(random: Random, role: Victim['role']): Revocation {
  const change = (name: string, ...bodies: object[]): Revocation => ({
    name,
    async end({ root }, { account }) {
      for (const body of bodies) must(await root.call('PATCH', `/users/${account.id}`, body))
    },
  })
  const ofAgents: Revocation[] = [
    change('disabled', { isDisabled: true, release: true }),
    change('disabled and restored', { isDisabled: true, release: true }, { isDisabled: false }),
    change('given another role', { role: role === 'admin' ? 'agent' : 'admin' }),
    change(
      'given another role and the old one again',
      { role: role === 'admin' ? 'agent' : 'admin' },
      { role: role === 'admin' ? 'admin' : 'agent' },
    ),
    {
      name: 'signed out elsewhere',
      end: async ({ app }, { account }) =>
        must(await (await app.newSession(account.id, 'agent')).call('DELETE', `/me/sessions/${account.sessionId}`)),
    },
  ]
  const ofCustomers: Revocation[] = [
    {
      name: 'signed out',
      end: async ({ app }, { renewalToken }) =>
        must(await app.call('POST', '/widget/logout', { resumeToken: renewalToken })),
    },
  ]
  return random.pick(role === 'customer' ? ofCustomers : ofAgents)
}

function must({ status, body }: { status: number; body: unknown }): void {
  if (status >= 300) throw new Error(`revocation failed with ${status} ${JSON.stringify(body)}`)
}

/**
 * Everything that the victim may have written. `drained` includes what is written in batches: a batch that is already
 * planned may still be written after the reply to the revocation [MS6].
 */
async function snapshot(
  { db }: TestApp,
  { account, role, customerId, word }: Victim,
  kind: 'strict' | 'drained',
): Promise<string> {
  const isAll = kind === 'drained'
  const mine = (table: 'users' | 'sites') => db.selectFrom(table).where('name', 'like', `${word}-%`)
  const read = [
    db.selectFrom('users').select(['name', 'role', 'disabled_at']).where('id', '=', account.id),
    mine('users').select('name').orderBy('id'),
    mine('sites').select('name').orderBy('id'),
    db.selectFrom('attachments').select(['id']).where('uploader_id', '=', account.id).orderBy('id'),
    // The node sets the presence of a connected agent. Only the chosen status is the agent's.
    db.selectFrom('agent_status').select('chosen').where('agent_id', '=', account.id).where('chosen', '<>', 'online'),
    db.selectFrom('users').select('blocked_at').where('id', '=', customerId),
    // A customer's message changes these too.
    ...(isAll || role !== 'customer'
      ? [
          db
            .selectFrom('conversations')
            .select(['id', 'status', 'agent_id'])
            .where('customer_id', '=', customerId)
            .orderBy('id'),
        ]
      : []),
    ...(isAll
      ? [
          db.selectFrom('messages').select('id').where('sender_id', '=', account.id).orderBy('id'),
          db
            .selectFrom('conversations')
            .select(['customer_read_seq', 'agent_read_seq'])
            .where('customer_id', '=', customerId)
            .orderBy('id'),
        ]
      : []),
  ]
  return JSON.stringify(await Promise.all(read.map((query) => query.execute())))
}

function note(story: RunLog, what: string, status: number): void {
  story.log.push(`${what}: ${status}`)
  if (status >= 200 && status < 300) story.done += 1
  else story.refused += 1
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
