// A customer begins a conversation, with its first message or without. The same clientConversationId is the same conversation.

import { randomBytes } from 'node:crypto'
import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
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
import { readConversation } from '../conversation-state/load.ts'
import { publishConversation } from '../conversation-state/publish-conversation.ts'
import { type ConversationWithLastMessage, customerView } from '../conversation-state/views.ts'
import { consumeMessage } from '../messages/message-budget.ts'
import { toSend } from '../messages/validate-send.ts'
import { appendLocked } from '../messages/write-path/append-locked.ts'
import type { Appended, Send } from '../messages/write-path/plan-appends.ts'
import { publishMessages } from '../messages/write-path/publish-messages.ts'
import type { CustomerActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

type Payload = RequestPayloads['conversation:start'] & { clientConversationId: string }

export async function startConversation(
  app: App,
  actor: CustomerActor,
  asked: RequestPayloads['conversation:start'],
): Promise<RequestReplies['conversation:start']> {
  // Always an id, so that running again after an ambiguous commit finds what it made.
  const payload = { clientConversationId: randomBytes(16).toString('hex'), ...asked }
  consumeByCustomer(app.rates, 'conversationStarts', actor.userId, actor.address)
  if (payload.message) consumeMessage(app, actor, payload.message.content ?? '')
  const { created, sends, batch, whole } = await inTransaction(app.db, async (trx, again) => {
    // The customer's own row is the lock: starts of one customer happen one after another, so the limit holds.
    const customer = await lockUser(trx, actor.userId)
    await assertStillMay(trx, actor)
    if (customer === undefined) throw new AppError('unauthorized', 'There is no such customer.')
    if (customer.isBlocked) throw new AppError('forbidden', 'You cannot write here any more.')
    const known = await findStarted(trx, actor, payload)
    const conversationId = known ?? (await begin(trx, actor, payload))
    const written = firstMessage(actor, conversationId, payload)
    const appended = written.length > 0 ? await appendLocked(trx, written, again) : undefined
    const outcome = appended?.outcomes[0]
    if (outcome instanceof AppError) throw outcome
    return {
      created: known === undefined || again,
      sends: written,
      batch: appended,
      whole: (await readConversation(trx, conversationId)) as ConversationWithLastMessage,
    }
  })
  if (created) publishConversation(app, whole, 'created')
  if (batch) publishMessages(app, app.teller, sends, batch.outcomes, batch.changes)
  const message = (batch?.outcomes[0] as Appended | undefined)?.message
  return { conversation: customerView(whole), ...(message ? { message } : {}) }
}

async function findStarted(trx: Transaction, actor: CustomerActor, { clientConversationId }: Payload) {
  return findConversationIdByClientId(trx, actor.userId, clientConversationId)
}

async function begin(trx: Transaction, actor: CustomerActor, payload: Payload): Promise<number> {
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
    isQueued: payload.message !== undefined,
  }
  return insertConversation(trx, conversation)
}

function firstMessage(actor: CustomerActor, conversationId: number, { message }: Payload): Send[] {
  if (message === undefined) return []
  return [toSend(actor, { conversationId, ...message })]
}
