// A message from either side, written exactly once: sent again with its clientMessageId it is the message already there.

import type { RequestPayloads } from '#protocol/requests.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import type { Appended } from './append-messages.ts'

export function sendMessage(
  app: App,
  actor: Actor,
  { conversationId, clientMessageId, type = 'text', content }: RequestPayloads['message:send'],
): Promise<Appended> {
  app.rates.take(isCustomer(actor) ? 'customerMessages' : 'agentMessages', actor.userId)
  return app.writer.append({ actor, conversationId, clientMessageId, type, content })
}
