// Sends a message of either side exactly once: a retry with the same clientMessageId returns the stored message.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { consumeMessage } from './message-budget.ts'
import { toSend } from './validate-send.ts'
import type { Appended } from './write-path/message-store.ts'

export function sendMessage(app: App, actor: Actor, payload: RequestPayloads['message:send']): Promise<Appended> {
  const send = toSend(actor, payload)
  consumeMessage(app, actor, send.content)
  return app.messageWriter.append(send)
}
