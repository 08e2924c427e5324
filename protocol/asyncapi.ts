// The AsyncAPI 3 description of socket requests and events, generated from their schemas.

import type { TSchema } from 'typebox'
import { extractComponents } from './components.ts'
import type { Role } from './entities.ts'
import { type EventName, eventSchemas, eventSummaries } from './events.ts'
import { type RequestName, replySchemas, requestSchemas, requestSummaries } from './requests.ts'
import { ErrorBody } from './schemas.ts'

const channel = { $ref: '#/channels/socket' }
/** AsyncAPI allows no colon in a key. */
const keyOf = (name: string) => name.replace(':', '.')
const messageRef = (key: string) => ({ $ref: `#/channels/socket/messages/${key}` })

interface SocketMessage {
  name: string
  payload: unknown
}

/** `roles`: who may make each request. */
export function describeSockets(roles: Readonly<Record<RequestName, readonly Role[]>>): object {
  const messages: Record<string, SocketMessage> = {}
  const operations: Record<string, object> = {}

  for (const name of Object.keys(requestSchemas).toSorted() as RequestName[]) {
    const key = keyOf(name)
    messages[`${key}.request`] = { name, payload: requestSchemas[name] }
    messages[`${key}.reply`] = { name, payload: replyPayload(replySchemas[name]) }
    operations[key] = {
      action: 'receive',
      channel,
      summary: requestSummaries[name],
      description: `For ${roles[name].join(', ')}.`,
      messages: [messageRef(`${key}.request`)],
      reply: { channel, messages: [messageRef(`${key}.reply`)] },
    }
  }
  for (const [name, payload] of Object.entries(eventSchemas).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const key = keyOf(name)
    messages[`${key}.event`] = { name, payload }
    operations[key] = {
      action: 'send',
      channel,
      summary: eventSummaries[name as EventName],
      messages: [messageRef(`${key}.event`)],
    }
  }

  const { description, schemas } = extractComponents(messages)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Kefu sockets',
      version: '1',
      description: 'Socket requests and events over Socket.IO. PROTOCOL.md states the rules.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    defaultContentType: 'application/json',
    channels: {
      socket: {
        address: '/socket.io/',
        description: 'A request is emitted with an acknowledgement, which carries the reply.',
        messages: Object.fromEntries(
          Object.keys(messages).map((key) => [key, { $ref: `#/components/messages/${key}` }]),
        ),
      },
    },
    operations,
    components: { schemas, messages: description },
  }
}

const replyPayload = (data: TSchema) => ({
  oneOf: [
    {
      type: 'object',
      properties: { ok: { const: true }, data },
      required: ['ok', 'data'],
      additionalProperties: false,
    },
    {
      type: 'object',
      properties: { ok: { const: false }, error: ErrorBody },
      required: ['ok', 'error'],
      additionalProperties: false,
    },
  ],
})
