// One person with one connection, who knows only replies and events. Loads as a page does: subscribes, opens, pages
// until complete, and after a reconnect requests everything after its last seq and version.

import type { AgentConversation, Conversation, ConversationView, Role } from '#protocol/entities.ts'
import type { Reply } from '#protocol/errors.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { firstLoadedSeq, lastLoadedSeq, type Timeline } from '../../client-web/shared/timeline/timeline.ts'
import type { TestAccount } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import {
  applyEvent,
  type ClientState,
  emptyState,
  leave,
  markSynced,
  mergeAgents,
  mergeAvailability,
  mergeConversations,
  mergeMessage,
  mergePage,
  mergeReceipt,
  subscribeTo,
} from './client-model.ts'
import { type Snapshot, snapshotOf } from './snapshot.ts'

export interface ModelAccount {
  account: TestAccount
  role: Role
  /** Requests the availability of agents, as a page does when it opens. */
  requestAvailability(): Promise<boolean>
}

export interface ModelClient extends ModelAccount {
  /**
   * Forgets everything. Conversations up to this id belong to an earlier sequence, and events about them may still
   * arrive.
   */
  begin(afterConversationId: number): Promise<void>
  /** Sends a request, merges the reply into the state, and returns it. */
  ask<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<Reply<RequestReplies[N]>>
  /** Loses the connection, opens another, of a new session if given, and catches up. */
  reconnect(session?: TestAccount): Promise<void>
  /** The version of the conversation in the client's state. */
  versionOf(conversationId: number): number | undefined
  /** The snapshot of the client's state. */
  shown(): Snapshot
  /** The same snapshot, loaded from the server. */
  fetched(): Promise<Snapshot>
}

type Merge<N extends RequestName> = (
  state: ClientState,
  reply: RequestReplies[N],
  payload: RequestPayloads[N],
) => ClientState

const mergeConversation = (state: ClientState, { conversation }: { conversation: Conversation }) =>
  mergeConversations(state, [conversation])

/** How each reply changes the state. Opening needs several requests and is handled below. */
const merges: { [N in RequestName]?: Merge<N> } = {
  'conversation:start': (state, { conversation, message }) => {
    const next = mergeConversations(state, [conversation])
    return message ? mergeMessage(next, message) : next
  },
  'conversation:leave': (state, _, { conversationId }) => leave(state, conversationId),
  'conversation:list': (state, { conversations }) => mergeConversations(state, conversations),
  'conversation:claim': mergeConversation,
  'conversation:transfer': mergeConversation,
  'conversation:release': mergeConversation,
  'conversation:close': mergeConversation,
  'conversation:reopen': mergeConversation,
  'message:send': (state, { message }) => mergeMessage(state, message),
  'message:list': (state, { messages }, { conversationId }) =>
    // A page requests history only before the messages that it shows.
    (state.timelines.get(conversationId)?.messages.length ?? 0) > 0
      ? mergePage(state, conversationId, messages)
      : state,
  'message:mark-read': (state, { receipt }) => mergeReceipt(state, receipt),
  'agent:set-status': (state, { agent }) => mergeAgents(state, [agent]),
  'agent:list': (state, { agents }) => mergeAgents(state, agents),
}

export async function createModelClient(person: ModelAccount): Promise<ModelClient> {
  const { role } = person
  let { account } = person
  let state = emptyState
  let newerThan = 0
  let client = await connect()
  let opening: Promise<unknown> = Promise.resolve()

  async function connect(): Promise<Client> {
    const opened = await account.connect()
    opened.socket.onAny((event: EventName, data: ServerEvents[EventName]) => {
      if (conversationIdIn(data) > newerThan) state = applyEvent(state, event, data)
    })
    return opened
  }

  async function open(
    payload: RequestPayloads['conversation:open'],
  ): Promise<Reply<RequestReplies['conversation:open']>> {
    const { conversationId } = payload
    const held = state.timelines.get(conversationId)
    state = subscribeTo(state, conversationId)
    const since = held ? { afterSeq: lastLoadedSeq(held), afterVersion: held.syncedVersion } : {}
    const reply = await client.ask('conversation:open', { ...payload, ...since })
    if (!reply.ok) {
      if (!held) state = leave(state, conversationId)
      return reply
    }
    const { conversation, messages, hasMore } = reply.data
    state = mergeConversations(mergePage(state, conversationId, messages), [conversation])
    const last = messages.at(-1)
    if (held && hasMore && last && last.seq <= lastLoadedSeq(held)) {
      state = markSynced(state, conversationId, last.version)
      return open(payload)
    }
    for (let isMore = held !== undefined && hasMore; isMore; ) {
      const afterSeq = lastLoadedSeq(state.timelines.get(conversationId) as Timeline)
      const page = await client.request('message:list', { conversationId, afterSeq, limit: 3 })
      state = mergePage(state, conversationId, page.messages)
      isMore = page.hasMore
    }
    state = markSynced(state, conversationId, conversation.version)
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

  async function fetchOpen(): Promise<Snapshot['open']> {
    const open: Snapshot['open'] = {}
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
    get account() {
      return account
    },
    async begin(afterConversationId) {
      newerThan = afterConversationId
      state = emptyState
      if (role === 'customer') state = mergeAvailability(state, await person.requestAvailability())
      else state = mergeAgents(state, (await client.request('agent:list', {})).agents)
    },
    async ask(name, payload) {
      if (name === 'conversation:open') {
        // One at a time, as a page does it.
        const turn = opening.then(() => open(payload as RequestPayloads['conversation:open']))
        opening = turn.catch(() => undefined)
        return (await turn) as never
      }
      const reply = await client.ask(name, payload)
      if (reply.ok) state = merges[name]?.(state, reply.data, payload) ?? state
      return reply
    },
    async reconnect(session = account) {
      account = session
      client.close()
      client = await connect()
      if (role === 'customer') {
        state = mergeAvailability(state, await person.requestAvailability())
        state = mergeConversations(state, await fetchView('all'))
      } else {
        state = mergeAgents(state, (await client.request('agent:list', {})).agents)
        for (const view of ['all', 'closed'] as const) state = mergeConversations(state, await fetchView(view))
      }
      for (const conversationId of state.timelines.keys()) await open({ conversationId, limit: 3 })
    },
    versionOf: (conversationId) => state.conversations.get(conversationId)?.version,
    shown: () => snapshotOf(state, account.id, role),
    async fetched() {
      if (role === 'customer') {
        const isAnyAgentAvailable = await person.requestAvailability()
        return { role, own: await fetchView('all'), isAnyAgentAvailable, open: await fetchOpen() }
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

/** The conversation of an event; Infinity when it has none. */
function conversationIdIn(data: ServerEvents[EventName]): number {
  if ('conversation' in data) return data.conversation.id
  return 'conversationId' in data ? data.conversationId : Number.POSITIVE_INFINITY
}
