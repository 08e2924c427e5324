// The requests of the matrix: a payload for each socket request, a URL and a body for each route. All are well
// formed, so that only the actor and the state of the conversation decide the outcome.

import type { RequestName, RequestPayloads } from '#protocol/requests.ts'
import { boundary, filePart, formOf } from '../attachments/uploads.ts'

/** The objects that a cell refers to. */
export interface Subject {
  conversationId: number
  customerId: number
  /** The id of an image that a message of the conversation contains; 0 when there is none. */
  attachmentId: number
  /** An agent to transfer to. */
  otherAgentId: number
  /** A login session of that agent. */
  otherSessionId: number
  siteId: number
  siteKey: string
  /** A newer token of the actor's session. */
  newerToken: string
  /** A text that no other cell uses. */
  word: string
}

const conversation = ({ conversationId }: Subject) => ({ conversationId })

export const payloads: { [N in RequestName]: (subject: Subject) => RequestPayloads[N] } = {
  'session:renew': ({ newerToken }) => ({ token: newerToken }),
  'conversation:start': ({ word }) => ({
    clientConversationId: word,
    message: { clientMessageId: word, content: 'hello' },
  }),
  'conversation:open': conversation,
  'conversation:leave': conversation,
  'conversation:list': () => ({ view: 'all' }),
  'conversation:count': () => ({}),
  'conversation:claim': conversation,
  'conversation:transfer': ({ conversationId, otherAgentId }) => ({
    conversationId,
    agentId: otherAgentId,
    anyway: true,
  }),
  'conversation:release': conversation,
  'conversation:close': conversation,
  'conversation:reopen': conversation,
  'message:send': ({ conversationId, word }) => ({ conversationId, clientMessageId: word, content: 'hello' }),
  'message:list': conversation,
  'message:mark-read': ({ conversationId }) => ({ conversationId, seq: 2 }),
  'typing:set': ({ conversationId }) => ({ conversationId, typing: true }),
  'customer:set-blocked': ({ customerId }) => ({ customerId, blocked: true }),
  'agent:set-status': () => ({ status: 'online' }),
  'agent:list': () => ({}),
}

const password = 'correct horse 电池'

const bodies: Record<string, (subject: Subject) => object> = {
  'POST /api/v1/auth/login': () => ({ username: 'nobody-at-all', password }),
  'POST /api/v1/setup': () => ({ code: 'x'.repeat(43), username: 'first', password, siteName: 'Teas' }),
  'PATCH /api/v1/me': ({ word }) => ({ name: word }),
  'POST /api/v1/users': ({ word }) => ({ username: word, password, name: 'Mei', role: 'admin' }),
  'PATCH /api/v1/users/:id': ({ word }) => ({ name: word, role: 'admin' }),
  'POST /api/v1/sites': ({ word }) => ({ name: word }),
  'PATCH /api/v1/sites/:id': ({ word }) => ({ name: word }),
  'POST /api/v1/sites/:id/identity-secret': () => ({}),
  'POST /api/v1/widget/session': () => ({}),
  'POST /api/v1/widget/logout': () => ({ resumeToken: `1.${'A'.repeat(43)}` }),
  'POST /api/v1/conversations/:id/messages': ({ word }) => ({ clientMessageId: word, content: 'hello' }),
}

const idOf = (route: string, { conversationId, otherAgentId, otherSessionId, siteId, attachmentId }: Subject) =>
  ({ users: otherAgentId, sites: siteId, attachments: attachmentId, me: otherSessionId })[route.split('/')[3] ?? ''] ??
  conversationId

export interface SampleHttpRequest {
  method: string
  path: string
  content?: { type: string; body: string | Uint8Array<ArrayBuffer> }
}

/** `name` is a method and a route, as in the table. */
export function httpRequestOf(name: string, subject: Subject): SampleHttpRequest {
  const [method = '', route = ''] = name.split(' ')
  const path = route
    .replace(':id', String(idOf(route, subject)))
    .replace(':key', subject.siteKey)
    .replace('/assets/*', '/assets/a.js')
    .replace('/static/*', '/static/swagger-ui.css')
    .replace('*', 'conversations')
  const body = bodyOf(name, subject)
  if (body) return { method, path, content: { type: 'application/json', body: JSON.stringify(body) } }
  if (name !== 'POST /api/v1/attachments') return { method, path }
  const form = Uint8Array.from(formOf(filePart('some text', 'note.txt')))
  return { method, path, content: { type: `multipart/form-data; boundary=${boundary}`, body: form } }
}

/** The JSON body of a route, if it has one. */
export const bodyOf = (name: string, subject: Subject): object | undefined => bodies[name]?.(subject)
