// The table of socket requests: who may ask, what runs, whether the connection is subscribed first, how it takes its turn.
// A request that is not here does not exist.

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

interface Turn<N extends RequestName> {
  /** Subscribed before the handler reads, when the actor may see it; undone when the handler fails. */
  subscribes?: (payload: RequestPayloads[N]) => number
  /** Subscribed to what the answer names, before the answer goes out. */
  subscribesTo?: (reply: RequestReplies[N]) => number
  unsubscribes?: (payload: RequestPayloads[N]) => number
  /** Starts without waiting for those of its kind before it; everything else waits for all before it. */
  pipelines?: true
  /** Its answer may be large: not started while much that was sent before has not been read. */
  readsPage?: true
  /** The answer's expiresIn is the connection's new end. */
  renews?: true
}

export interface RequestEntry<N extends RequestName = RequestName> extends Turn<N> {
  roles: readonly Role[]
  handle: Handler<N, Actor>
}

const both = <N extends RequestName>(handle: Handler<N, Actor>, turn: Turn<N> = {}): RequestEntry<N> => ({
  ...turn,
  roles: ['customer', 'agent', 'admin'],
  handle,
})

// The wrapper has checked the role before it calls, which is what makes these two narrowings true.
const agents = <N extends RequestName>(handle: Handler<N, AgentActor>, turn: Turn<N> = {}): RequestEntry<N> => ({
  ...turn,
  roles: ['agent', 'admin'],
  handle: handle as Handler<N, Actor>,
})

const customers = <N extends RequestName>(handle: Handler<N, CustomerActor>, turn: Turn<N> = {}): RequestEntry<N> => ({
  ...turn,
  roles: ['customer'],
  handle: handle as Handler<N, Actor>,
})

const theConversation = (payload: { conversationId: number }) => payload.conversationId

export const requests: { [N in RequestName]: RequestEntry<N> } = {
  'session:renew': both(renewSession, { renews: true }),
  'conversation:start': customers(startConversation, { subscribesTo: (reply) => reply.conversation.id }),
  'conversation:open': both(openConversation, { subscribes: theConversation, readsPage: true }),
  'conversation:leave': both(async () => ({}), { unsubscribes: theConversation }),
  'conversation:list': both(listConversations, { readsPage: true }),
  'conversation:count': agents(countConversations),
  'conversation:claim': agents(claimConversation),
  'conversation:transfer': agents(transferConversation),
  'conversation:release': agents(releaseConversation),
  'conversation:close': both(closeConversation),
  'conversation:reopen': both(reopenConversation),
  'message:send': both((app, actor, payload) => sendMessage(app, actor, payload).then(({ message }) => ({ message })), {
    pipelines: true,
  }),
  'message:list': both(listMessages, { readsPage: true }),
  'message:mark-read': both(markRead),
  'typing:set': both(setTyping),
  'customer:set-blocked': agents(setBlocked),
  'agent:set-status': agents(setStatus),
  'agent:list': agents(listAgents, { readsPage: true }),
}
