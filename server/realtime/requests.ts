// The table of socket requests: roles, handler, subscription, queueing. A request not in the table does not exist.

import type { Role } from '#protocol/entities.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { listAgents } from '../agents/list-agents.ts'
import { setStatus } from '../agents/set-status.ts'
import { renewSession } from '../auth/renew-session.ts'
import type { App } from '../context.ts'
import { claimConversation } from '../conversations/claim-conversation.ts'
import { closeConversation } from '../conversations/close-conversation.ts'
import { countConversations } from '../conversations/count-conversations.ts'
import { listConversations } from '../conversations/list-conversations.ts'
import { openConversation } from '../conversations/open-conversation.ts'
import { releaseConversation } from '../conversations/release-conversation.ts'
import { reopenConversation } from '../conversations/reopen-conversation.ts'
import { setTyping } from '../conversations/set-typing.ts'
import { startConversation } from '../conversations/start-conversation.ts'
import { transferConversation } from '../conversations/transfer-conversation.ts'
import { setBlocked } from '../customers/set-blocked.ts'
import { listMessages } from '../messages/list-messages.ts'
import { markRead } from '../messages/mark-read.ts'
import { sendMessage } from '../messages/send-message.ts'
import type { Actor, AgentActor, CustomerActor } from '../shared/actor.ts'

type Handler<N extends RequestName, A extends Actor> = (
  app: App,
  actor: A,
  payload: RequestPayloads[N],
) => Promise<RequestReplies[N]>

interface RequestOptions<N extends RequestName> {
  /** Subscribes before the handler reads, if the actor may view the conversation. Undone when the handler fails. */
  subscribes?: (payload: RequestPayloads[N]) => number
  /** Subscribes to the conversation of the reply, before the reply is sent. */
  subscribesTo?: (reply: RequestReplies[N]) => number
  unsubscribes?: (payload: RequestPayloads[N]) => number
  /** Runs concurrently with others of its kind; any other request runs alone. */
  concurrent?: true
  /** Its reply may be large, so it waits until the client has read its backlog. */
  readsPage?: true
  /** The reply's expiresIn extends the connection. */
  renews?: true
}

export interface RequestEntry<N extends RequestName = RequestName> extends RequestOptions<N> {
  roles: readonly Role[]
  handle: Handler<N, Actor>
}

const both = <N extends RequestName>(handle: Handler<N, Actor>, options: RequestOptions<N> = {}): RequestEntry<N> => ({
  ...options,
  roles: ['customer', 'agent', 'admin'],
  handle,
})

// dispatch checks the role before it calls, so these two narrowings hold.
const agents = <N extends RequestName>(
  handle: Handler<N, AgentActor>,
  options: RequestOptions<N> = {},
): RequestEntry<N> => ({
  ...options,
  roles: ['agent', 'admin'],
  handle: handle as Handler<N, Actor>,
})

const customers = <N extends RequestName>(
  handle: Handler<N, CustomerActor>,
  options: RequestOptions<N> = {},
): RequestEntry<N> => ({
  ...options,
  roles: ['customer'],
  handle: handle as Handler<N, Actor>,
})

const conversationOfPayload = (payload: { conversationId: number }) => payload.conversationId

export const requests: { [N in RequestName]: RequestEntry<N> } = {
  'session:renew': both(renewSession, { renews: true }),
  'conversation:start': customers(startConversation, { subscribesTo: (reply) => reply.conversation.id }),
  'conversation:open': both(openConversation, { subscribes: conversationOfPayload, readsPage: true }),
  'conversation:leave': both(async () => ({}), { unsubscribes: conversationOfPayload }),
  'conversation:list': both(listConversations, { readsPage: true }),
  'conversation:count': agents(countConversations),
  'conversation:claim': agents(claimConversation),
  'conversation:transfer': agents(transferConversation),
  'conversation:release': agents(releaseConversation),
  'conversation:close': both(closeConversation),
  'conversation:reopen': both(reopenConversation),
  'message:send': both((app, actor, payload) => sendMessage(app, actor, payload).then(({ message }) => ({ message })), {
    concurrent: true,
  }),
  'message:list': both(listMessages, { readsPage: true }),
  'message:mark-read': both(markRead),
  'typing:set': both(setTyping),
  'customer:set-blocked': agents(setBlocked),
  'agent:set-status': agents(setStatus),
  'agent:list': agents(listAgents, { readsPage: true }),
}
