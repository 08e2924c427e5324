// A message from either side, written exactly once: sent again with its clientMessageId it is the message already there.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { Actor } from '../actor.ts'
import type { App } from '../context.ts'
import { asWritten } from './as-written.ts'
import type { Appended } from './decide-sends.ts'
import { consumeMessage } from './message-budget.ts'

export function sendMessage(app: App, actor: Actor, payload: RequestPayloads['message:send']): Promise<Appended> {
  const send = asWritten(actor, payload)
  consumeMessage(app, actor, send.content)
  return app.writer.append(send)
}
