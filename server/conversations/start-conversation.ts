// A customer starts a conversation, with or without a first message. A retry with the same clientConversationId returns
// the same one.

import { randomBytes } from 'node:crypto'
import type { Transaction } from '#db/core/database.ts'
import {
  countUnfinishedOfCustomer,
  findConversationIdByClientId,
  insertConversation,
  type NewConversation,
} from '#db/queries/conversations.ts'
import { lockUser } from '#db/queries/users.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { stripBidiControls } from '#protocol/visible-text.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import { consumeByCustomer } from '../budgets/by-address.ts'
import type { App } from '../context.ts'
import { loadConversation } from '../conversation-state/load.ts'
import { publishConversation } from '../conversation-state/publish-conversation.ts'
import { inUnitOfWork } from '../conversation-state/update-conversations.ts'
import { type ConversationWithLastMessage, customerView } from '../conversation-state/views.ts'
import { consumeMessage } from '../messages/message-budget.ts'
import type { Send } from '../messages/send.ts'
import { toSend } from '../messages/validate-send.ts'
import { appendLocked } from '../messages/write-path/locked-store.ts'
import type { Appended } from '../messages/write-path/message-store.ts'
import { publishMessages } from '../messages/write-path/publish-messages.ts'
import type { CustomerActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

type Payload = RequestPayloads['conversation:start'] & { clientConversationId: string }

export async function startConversation(
  app: App,
  actor: CustomerActor,
  request: RequestPayloads['conversation:start'],
): Promise<RequestReplies['conversation:start']> {
  // Always an id, so that a retry after an ambiguous commit finds the conversation that it inserted.
  const payload = { clientConversationId: randomBytes(16).toString('hex'), ...request }
  consumeByCustomer(app.rates, 'conversationStarts', actor.userId, actor.address)
  if (payload.message) consumeMessage(app, actor, payload.message.content ?? '')
  const { batch, conversation } = await inUnitOfWork(app, async (unit) => {
    const { trx, isRetry, afterCommit } = unit
    // The lock on the customer's row serializes starts of one customer, so the limit holds.
    const customer = await lockUser(trx, actor.userId)
    await assertStillMay(trx, actor)
    if (customer === undefined) throw new AppError('unauthorized', 'There is no such customer.')
    if (customer.isBlocked) throw new AppError('forbidden', 'You cannot write here any more.')
    const existingId = await findConversationIdByClientId(trx, actor.userId, payload.clientConversationId)
    const conversationId = existingId ?? (await insert(trx, actor, payload))
    const sends = firstMessage(actor, conversationId, payload)
    const batch = sends.length > 0 ? await appendLocked(unit, sends) : undefined
    const outcome = batch?.outcomes[0]
    if (outcome instanceof Error) throw outcome
    const conversation = (await loadConversation(trx, conversationId)) as ConversationWithLastMessage
    const isNew = existingId === undefined || isRetry
    afterCommit(() => {
      if (isNew) publishConversation(app, conversation, 'created')
      // The new conversation is published as created, not as queued.
      if (batch) publishMessages(app, sends, isNew ? { ...batch, changes: new Map() } : batch)
    })
    return { batch, conversation }
  })
  const message = (batch?.outcomes[0] as Appended | undefined)?.message
  return { conversation: customerView(conversation), ...(message ? { message } : {}) }
}

async function insert(trx: Transaction, actor: CustomerActor, payload: Payload): Promise<number> {
  if ((await countUnfinishedOfCustomer(trx, actor.userId)) >= limits.openConversationsPerCustomer) {
    throw new AppError('conflict', 'Close a conversation before you start another.', {
      limit: limits.openConversationsPerCustomer,
    })
  }
  const conversation: NewConversation = {
    customerId: actor.userId,
    siteId: actor.siteId,
    clientConversationId: payload.clientConversationId,
    subject: payload.subject === undefined ? null : stripBidiControls(payload.subject),
    page: payload.page ? { ...payload.page, title: stripBidiControls(payload.page.title) } : null,
  }
  return insertConversation(trx, conversation)
}

function firstMessage(actor: CustomerActor, conversationId: number, { message }: Payload): Send[] {
  if (message === undefined) return []
  return [toSend(actor, { conversationId, ...message })]
}
