// The control pair: a customer and an agent who alternate a message every half second. Like Kefu's clients, they resend
// an unacknowledged message under the same id and reconnect after a lost connection.

import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import type { Reply } from '#protocol/errors.ts'
import { post } from '../chaos/account.ts'

const everyMs = 500
/** The wait before a resend. */
const acknowledgedMs = 5_000
/** A message that took longer to reach the other side does not count as recovered. */
const recoveredMs = 150
const consecutive = 3

interface Sent {
  clientMessageId: string
  sentAt: number
  acknowledgedAt: number | null
  receivedAt: number | null
}

export interface PairFigures {
  p50: number
  p95: number
  p99: number
  sent: number
  refused: number
  /** Connections of the pair that ended. */
  cut: number
  /** Messages acknowledged but not stored, never acknowledged, or never received. */
  lost: number
  /** Errors that their clients threw because of server data. */
  thrown: number
}

export interface ControlPair {
  /** Starts measuring messages. */
  begin(): void
  /** Stops measuring. Resolves with the time to recovery, or null if there was none. */
  recovered(withinMs: number): Promise<number | null>
  /** Waits for messages in flight and looks up all of them in the stored history. */
  finish(): Promise<PairFigures>
  close(): void
}

interface Person {
  socket: Socket
  token: string
  renew(): Promise<void>
}

export async function startControlPair(
  url: string,
  admin: { username: string; password: string },
  localAddress = '127.0.0.1',
): Promise<ControlPair> {
  // Its own agent, because attacks prepare as the admin.
  const { body } = await post(url, '/auth/login', admin)
  const account = { username: 'control', password: 'staple in the tea' }
  const authorization = `Bearer ${(body as { token: string }).token}`
  await post(url, '/users', { ...account, name: 'Control', role: 'agent' }, { authorization })
  const login = await post(url, '/auth/login', account)
  const session = await post(url, '/widget/session', {})
  if (login.status !== 200 || session.status !== 200) throw new Error('the control pair could not log in')
  let cookie = login.cookie
  let held = session.body as { token: string; resumeToken: string }
  const agent = await connect((login.body as { token: string }).token, async () => {
    const next = await post(url, '/auth/refresh', {}, { cookie })
    if (next.status !== 200) return null
    cookie = next.cookie
    return (next.body as { token: string }).token
  })
  const customer = await connect(held.token, async () => {
    const next = await post(url, '/widget/session', { resumeToken: held.resumeToken })
    if (next.status !== 200) return null
    held = next.body as typeof held
    return held.token
  })

  async function connect(first: string, nextToken: () => Promise<string | null>): Promise<Person> {
    const person: Person = { socket: null as never, token: first, renew: async () => undefined }
    person.socket = io(url, {
      auth: (callback) => callback({ token: person.token }),
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 500,
      timeout: 5_000,
      agent: new Agent({ localAddress } as object) as never,
    })
    person.renew = async () => {
      person.token = (await nextToken().catch(() => null)) ?? person.token
      person.socket.emit('session:renew', { token: person.token }, () => undefined)
    }
    // Socket.IO stops reconnecting after a refusal; Kefu's clients reconnect.
    person.socket.on('connect_error', () => {
      if (!person.socket.active) setTimeout(() => person.socket.connect(), 200)
    })
    person.socket.on('disconnect', (reason) => {
      if (reason === 'io server disconnect') setTimeout(() => person.socket.connect(), 50)
    })
    await new Promise<void>((resolve, reject) => {
      person.socket.once('connect', resolve)
      setTimeout(() => reject(new Error('the control pair is not connected')), 15_000).unref()
    })
    return person
  }

  const ask = async (socket: Socket, name: string, payload: unknown): Promise<Reply<unknown> | null> =>
    await socket
      .timeout(acknowledgedMs)
      .emitWithAck(name, payload)
      .catch(() => null)

  const started = await ask(customer.socket, 'conversation:start', {})
  if (!started?.ok) throw new Error('the control pair has no conversation')
  const conversationId = (started.data as { conversation: { id: number } }).conversation.id
  await ask(agent.socket, 'conversation:claim', { conversationId })

  // socket.io-client throws on an event without a name, where callers cannot catch it.
  const onThrown = (error: Error) => {
    if (!error.stack?.includes('socket.io-client')) throw error
    thrown += 1
  }
  process.on('uncaughtException', onThrown)
  const all = new Map<string, Sent>()
  const measured: Sent[] = []
  let refused = 0
  let cut = 0
  let thrown = 0
  let isMeasuring = false
  let isOver = false
  let sequence = 0
  const inFlight = new Set<Promise<void>>()

  function received(message: { clientMessageId: string }) {
    const sent = all.get(message.clientMessageId)
    if (sent && sent.receivedAt === null) sent.receivedAt = performance.now()
  }

  /** Fetches messages missed while disconnected or before the subscription. */
  async function catchUp({ socket }: Person) {
    const { lastSeq } = await opened(socket)
    for (let after = Math.max(0, lastSeq - 100); after < lastSeq; ) {
      const page = await ask(socket, 'conversation:open', { conversationId, afterSeq: after, limit: 100 })
      if (!page?.ok) return
      const { messages } = page.data as { messages: { seq: number; clientMessageId: string }[] }
      if (messages.length === 0) return
      for (const message of messages) received(message)
      after = messages.at(-1)?.seq ?? lastSeq
    }
  }

  async function opened(socket: Socket): Promise<{ lastSeq: number }> {
    for (;;) {
      const reply = await ask(socket, 'conversation:open', { conversationId, limit: 1 })
      if (reply?.ok) return { lastSeq: (reply.data as { conversation: { lastSeq: number } }).conversation.lastSeq }
      if (isOver || !socket.connected) return { lastSeq: 0 }
      refused += reply === null ? 0 : 1
      await sleep(200)
    }
  }

  for (const person of [customer, agent]) {
    person.socket.on('message:created', received)
    person.socket.on('connect', () => void catchUp(person))
    person.socket.on('disconnect', () => {
      if (!isOver) cut += 1
    })
    await catchUp(person)
  }

  async function send(person: Person, sent: Sent): Promise<void> {
    const { clientMessageId } = sent
    while (!isOver && sent.acknowledgedAt === null) {
      const reply = await ask(person.socket, 'message:send', {
        conversationId,
        clientMessageId,
        content: 'How are you?',
      })
      if (reply?.ok) sent.acknowledgedAt = performance.now()
      else {
        if (reply !== null) refused += 1
        await sleep(100)
      }
    }
  }

  const timer = setInterval(() => {
    const clientMessageId = `pair${++sequence}`
    const sent: Sent = { clientMessageId, sentAt: performance.now(), acknowledgedAt: null, receivedAt: null }
    all.set(clientMessageId, sent)
    if (isMeasuring) measured.push(sent)
    const sending = send(sequence % 2 === 0 ? agent : customer, sent)
    inFlight.add(sending)
    void sending.finally(() => inFlight.delete(sending))
  }, everyMs)
  const renewal = setInterval(() => void Promise.all([customer.renew(), agent.renew()]), 240_000)

  /** Resolves when the sender has its acknowledgement and the other side the message. */
  const latency = ({ sentAt, acknowledgedAt, receivedAt }: Sent) =>
    Math.max(acknowledgedAt ?? Number.POSITIVE_INFINITY, receivedAt ?? Number.POSITIVE_INFINITY) - sentAt

  async function settled(withinMs: number) {
    const isOpen = () => [...all.values()].some((sent) => latency(sent) === Number.POSITIVE_INFINITY)
    for (const deadline = performance.now() + withinMs; isOpen() && performance.now() < deadline; await sleep(20));
  }

  return {
    begin() {
      isMeasuring = true
      refused = 0
      cut = 0
    },
    async recovered(withinMs) {
      isMeasuring = false
      const endedAt = performance.now()
      for (; performance.now() < endedAt + withinMs; await sleep(20)) {
        const since = [...all.values()].filter(({ sentAt }) => sentAt >= endedAt - everyMs)
        const at = since.findIndex(
          (_, index) =>
            index + consecutive <= since.length &&
            since.slice(index, index + consecutive).every((sent) => latency(sent) <= recoveredMs),
        )
        if (at >= 0) return Math.max(0, (since[at] as Sent).sentAt - endedAt)
      }
      return null
    },
    async finish() {
      clearInterval(timer)
      await settled(15_000)
      // Acknowledged messages must be in the history, read in pages from its start.
      const stored = new Set<string>()
      for (let afterSeq = 0; ; ) {
        const page = await ask(agent.socket, 'message:list', { conversationId, afterSeq, limit: 100 })
        if (!page?.ok) break
        const { messages } = page.data as { messages: { seq: number; clientMessageId: string }[] }
        for (const { clientMessageId } of messages) stored.add(clientMessageId)
        if (messages.length === 0) break
        afterSeq = messages.at(-1)?.seq ?? afterSeq
      }
      isOver = true
      const times = measured.map(latency).sort((a, b) => a - b)
      const percentile = (share: number) => times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)] ?? 0
      const isLost = (sent: Sent) => latency(sent) === Number.POSITIVE_INFINITY || !stored.has(sent.clientMessageId)
      return {
        p50: percentile(0.5),
        p95: percentile(0.95),
        p99: percentile(0.99),
        sent: measured.length,
        refused,
        cut,
        lost: [...all.values()].filter(isLost).length,
        thrown,
      }
    },
    close() {
      isOver = true
      process.off('uncaughtException', onThrown)
      clearInterval(timer)
      clearInterval(renewal)
      customer.socket.close()
      agent.socket.close()
    },
  }
}
