// One step of a random sequence: a request or a reconnect, with its actor and its target.

import fc from 'fast-check'
import type { AgentStatusValue, ConversationView } from '#protocol/entities.ts'
import type { RequestName, RequestPayloads } from '#protocol/requests.ts'

export interface Action {
  name: RequestName | 'reconnect' | 'disable'
  /** Chooses among the actors whose role may send this request. */
  by: number
  /** Sent by any actor, so that the role check can refuse it. */
  isStranger: boolean
  /** Chooses a conversation of this sequence, or one that does not exist when there is none. */
  conversation: number
  /** Chooses a seq, a client id, or an agent. */
  n: number
  flag: boolean
  /** Starts while earlier requests may still be pending. */
  overlaps: boolean
}

/** How often each is drawn. */
const weights: Record<Action['name'], number> = {
  'message:send': 12,
  'message:mark-read': 7,
  'conversation:start': 6,
  'conversation:open': 6,
  'conversation:claim': 6,
  'conversation:close': 4,
  'conversation:reopen': 4,
  'conversation:transfer': 4,
  'conversation:release': 3,
  'agent:set-status': 3,
  'customer:set-blocked': 2,
  'conversation:leave': 2,
  'conversation:list': 1,
  'conversation:count': 1,
  'message:list': 1,
  'typing:set': 1,
  'agent:list': 1,
  'session:renew': 1,
  reconnect: 2,
  // An admin disables an agent and enables the agent again, who logs in.
  disable: 1,
}

const names = Object.entries(weights).map(([name, weight]) => ({
  arbitrary: fc.constant(name as Action['name']),
  weight,
}))

const action: fc.Arbitrary<Action> = fc.record({
  name: fc.oneof(...names),
  by: fc.nat({ max: 5 }),
  isStranger: fc.nat({ max: 14 }).map((n) => n === 14),
  conversation: fc.nat({ max: 5 }),
  n: fc.nat({ max: 11 }),
  flag: fc.boolean(),
  overlaps: fc.boolean(),
})

export const actions = fc.array(action, { minLength: 1, maxLength: 40, size: 'max' })

/** The values that a payload is built from. */
export interface About {
  conversationId: number
  customerId: number
  agentId: number
  /** A newer token of the actor's session. */
  newToken(): string
}

const views: ConversationView[] = ['queue', 'mine', 'all', 'closed']
const statuses: AgentStatusValue[] = ['online', 'busy', 'offline']
const pick = <T>(list: readonly T[], n: number) => list[n % list.length] as T

export const payloads: { [N in RequestName]: (about: About, action: Action) => RequestPayloads[N] } = {
  'session:renew': ({ newToken }) => ({ token: newToken() }),
  'conversation:start': (_, { n, flag }) => ({
    clientConversationId: `c${n % 5}`,
    ...(flag ? { subject: '咨询', message: { clientMessageId: `first${n % 3}`, content: `你好 ${n}` } } : {}),
  }),
  'conversation:open': ({ conversationId }, { n }) => ({ conversationId, limit: 1 + n }),
  'conversation:leave': ({ conversationId }) => ({ conversationId }),
  'conversation:list': (_, { n }) => ({ view: pick(views, n), limit: 1 + n }),
  'conversation:count': () => ({}),
  'conversation:claim': ({ conversationId }) => ({ conversationId }),
  'conversation:transfer': ({ conversationId, agentId }, { n, flag }) => ({
    conversationId,
    ...(flag ? { agentId, anyway: n % 2 === 0 } : {}),
  }),
  'conversation:release': ({ conversationId }) => ({ conversationId }),
  'conversation:close': ({ conversationId }) => ({ conversationId }),
  'conversation:reopen': ({ conversationId }) => ({ conversationId }),
  'message:send': ({ conversationId }, { n }) => ({ conversationId, clientMessageId: `m${n}`, content: `消息 ${n}` }),
  'message:list': ({ conversationId }, { n, flag }) => ({
    conversationId,
    limit: 3,
    ...(flag ? { beforeSeq: n } : { afterSeq: n }),
  }),
  'message:mark-read': ({ conversationId }, { n }) => ({ conversationId, seq: n }),
  'typing:set': ({ conversationId }, { flag }) => ({ conversationId, typing: flag, preview: 'half a wor' }),
  'customer:set-blocked': ({ customerId }, { flag }) => ({ customerId, blocked: flag }),
  'agent:set-status': (_, { n }) => ({ status: pick(statuses, n) }),
  'agent:list': () => ({}),
}
