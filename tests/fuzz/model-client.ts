// One person with one connection, who knows only what was answered and told. Asks as a page does: listens, opens, reads on until whole,
// and after a break asks for what follows the last seq and version held.

import type { AgentConversation, Conversation, ConversationView, Role } from '#protocol/entities.ts'
import type { Reply } from '#protocol/errors.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { firstLoadedSeq, lastLoadedSeq, type Timeline } from '../../client-web/shared/timeline/timeline.ts'
import type { TestAccount } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import {
  emptyState,
  type HeldState,
  hear,
  leave,
  listenTo,
  takeAgents,
  takeConversations,
  takeMessage,
  takePage,
  takePresence,
  takeReceipt,
  takeSynced,
} from './client-model.ts'
import { type Picture, pictureOf } from './snapshot.ts'

export interface Person {
  account: TestAccount
  role: Role
  /** Whether somebody is here to answer, as a page asks when it opens. */
  askWhoIsHere(): Promise<boolean>
}

export interface Side extends Person {
  /** Forgets all; conversations up to this id are of an earlier sequence, and news of them may still be on its way. */
  begin(afterConversationId: number): Promise<void>
  /** Asks, takes in the answer, and passes it on. */
  ask<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<Reply<RequestReplies[N]>>
  /** Loses the connection, opens another and catches up. */
  reconnect(): Promise<void>
  /** Of the conversation as it is held. */
  versionOf(conversationId: number): number | undefined
  /** What the state held shows. */
  shown(): Picture
  /** The same, fetched anew. */
  fetched(): Promise<Picture>
}

type Take<N extends RequestName> = (
  state: HeldState,
  reply: RequestReplies[N],
  payload: RequestPayloads[N],
) => HeldState

const takeOne = (state: HeldState, { conversation }: { conversation: Conversation }) =>
  takeConversations(state, [conversation])

/** What an answer brings; opening takes more than one answer and stands below. */
const takes: { [N in RequestName]?: Take<N> } = {
  'conversation:start': (state, { conversation, message }) => {
    const next = takeConversations(state, [conversation])
    return message ? takeMessage(next, message) : next
  },
  'conversation:leave': (state, _, { conversationId }) => leave(state, conversationId),
  'conversation:list': (state, { conversations }) => takeConversations(state, conversations),
  'conversation:claim': takeOne,
  'conversation:transfer': takeOne,
  'conversation:release': takeOne,
  'conversation:close': takeOne,
  'conversation:reopen': takeOne,
  'message:send': (state, { message }) => takeMessage(state, message),
  'message:list': (state, { messages }, { conversationId }) =>
    // A page asks for history only behind what it shows.
    (state.timelines.get(conversationId)?.messages.length ?? 0) > 0 ? takePage(state, conversationId, messages) : state,
  'message:mark-read': (state, { receipt }) => takeReceipt(state, receipt),
  'agent:set-status': (state, { agent }) => takeAgents(state, [agent]),
  'agent:list': (state, { agents }) => takeAgents(state, agents),
}

export async function createSide(person: Person): Promise<Side> {
  const { account, role } = person
  let state = emptyState
  let newerThan = 0
  let client = await connect()
  let opening: Promise<unknown> = Promise.resolve()

  async function connect(): Promise<Client> {
    const opened = await account.connect()
    opened.socket.onAny((event: EventName, data: ServerEvents[EventName]) => {
      if (conversationIdIn(data) > newerThan) state = hear(state, event, data)
    })
    return opened
  }

  async function open(
    payload: RequestPayloads['conversation:open'],
  ): Promise<Reply<RequestReplies['conversation:open']>> {
    const { conversationId } = payload
    const held = state.timelines.get(conversationId)
    state = listenTo(state, conversationId)
    const since = held ? { afterSeq: lastLoadedSeq(held), afterVersion: held.syncedVersion } : {}
    const reply = await client.ask('conversation:open', { ...payload, ...since })
    if (!reply.ok) {
      if (!held) state = leave(state, conversationId)
      return reply
    }
    const { conversation, messages, hasMore } = reply.data
    state = takeConversations(takePage(state, conversationId, messages), [conversation])
    const last = messages.at(-1)
    if (held && hasMore && last && last.seq <= lastLoadedSeq(held)) {
      state = takeSynced(state, conversationId, last.version)
      return open(payload)
    }
    for (let isMore = held !== undefined && hasMore; isMore; ) {
      const afterSeq = lastLoadedSeq(state.timelines.get(conversationId) as Timeline)
      const page = await client.request('message:list', { conversationId, afterSeq, limit: 3 })
      state = takePage(state, conversationId, page.messages)
      isMore = page.hasMore
    }
    state = takeSynced(state, conversationId, conversation.version)
    return reply
  }

  async function fetchView(view: ConversationView): Promise<Conversation[]> {
    const all: Conversation[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await client.request('conversation:list', {
        view,
        limit: 7,
        ...(cursor === undefined ? {} : { cursor }),
      })
      all.push(...page.conversations)
      cursor = page.nextCursor
    }
    return all
  }

  async function fetchOpen(): Promise<Picture['open']> {
    const open: Picture['open'] = {}
    for (const [conversationId, timeline] of state.timelines) {
      const { conversation, messages } = await client.request('conversation:open', {
        conversationId,
        limit: limits.pageSize,
      })
      const from = firstLoadedSeq(timeline)
      open[conversationId] = {
        conversation,
        messages: messages.filter(({ seq }) => seq >= from).map(({ version: _, ...message }) => message),
        lastSeq: conversation.lastSeq,
      }
    }
    return open
  }

  return {
    ...person,
    async begin(afterConversationId) {
      newerThan = afterConversationId
      state = emptyState
      if (role === 'customer') state = takePresence(state, await person.askWhoIsHere())
      else state = takeAgents(state, (await client.request('agent:list', {})).agents)
    },
    async ask(name, payload) {
      if (name === 'conversation:open') {
        // One at a time, as a page does it.
        const turn = opening.then(() => open(payload as RequestPayloads['conversation:open']))
        opening = turn.catch(() => undefined)
        return (await turn) as never
      }
      const reply = await client.ask(name, payload)
      if (reply.ok) state = takes[name]?.(state, reply.data, payload) ?? state
      return reply
    },
    async reconnect() {
      client.close()
      client = await connect()
      if (role === 'customer') {
        state = takePresence(state, await person.askWhoIsHere())
        state = takeConversations(state, await fetchView('all'))
      } else {
        state = takeAgents(state, (await client.request('agent:list', {})).agents)
        for (const view of ['all', 'closed'] as const) state = takeConversations(state, await fetchView(view))
      }
      for (const conversationId of state.timelines.keys()) await open({ conversationId, limit: 3 })
    },
    versionOf: (conversationId) => state.conversations.get(conversationId)?.version,
    shown: () => pictureOf(state, account.id, role),
    async fetched() {
      if (role === 'customer') {
        const isSomebodyHere = await person.askWhoIsHere()
        return { role, own: await fetchView('all'), isSomebodyHere, open: await fetchOpen() }
      }
      const { agents } = await client.request('agent:list', {})
      const counts = await client.request('conversation:count', {})
      const [queue, mine, all, closed] = (await Promise.all(
        (['queue', 'mine', 'all', 'closed'] as const).map(fetchView),
      )) as [AgentConversation[], AgentConversation[], AgentConversation[], AgentConversation[]]
      return {
        role,
        views: { queue, mine, all, closed },
        counts,
        agents: agents.sort((a, b) => a.id - b.id),
        open: await fetchOpen(),
      }
    },
  }
}

/** The conversation that an event is about; Infinity where it is about none. */
function conversationIdIn(data: ServerEvents[EventName]): number {
  if ('conversation' in data) return data.conversation.id
  return 'conversationId' in data ? data.conversationId : Number.POSITIVE_INFINITY
}
