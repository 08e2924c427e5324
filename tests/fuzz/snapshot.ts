// What a screen shows of a client's state, in the shape in which the server returns it. Lists follow the console's
// own rules.

import type {
  Agent,
  AgentConversation,
  Conversation,
  ConversationCounts,
  ConversationView,
  Message,
  Role,
} from '#protocol/entities.ts'
import { compareIn, listView } from '../../client-web/console/workspace/views.ts'
import { isRead, type Timeline } from '../../client-web/shared/timeline/timeline.ts'
import type { ClientState } from './client-model.ts'

export interface Snapshot {
  role: Role
  /** Of an agent. */
  views?: Record<ConversationView, Conversation[]>
  counts?: ConversationCounts
  agents?: Agent[]
  /** Of a customer. */
  own?: Conversation[]
  isAnyAgentAvailable?: boolean
  /** The client's open conversations by id. A message's version is left out, because a screen does not show it. */
  open: Record<
    number,
    { conversation: Conversation | undefined; messages: Omit<Message, 'version'>[]; lastSeq: number }
  >
}

export function snapshotOf(state: ClientState, userId: number, role: Role): Snapshot {
  const open: Snapshot['open'] = {}
  for (const [id, timeline] of state.timelines) {
    const { lastSeq } = timeline
    open[id] = { conversation: state.conversations.get(id), messages: shownMessages(timeline), lastSeq }
  }
  const conversations = [...state.conversations.values()] as AgentConversation[]
  if (role === 'customer') {
    return { role, own: conversations.sort(compareIn('all')), isAnyAgentAvailable: state.isAnyAgentAvailable, open }
  }
  const view = (name: ConversationView) => listView(conversations, name, userId, null)
  const views = { queue: view('queue'), mine: view('mine'), all: view('all'), closed: view('closed') }
  const counts = {
    queue: views.queue.length,
    mine: views.mine.length,
    all: views.all.length,
    closed: views.closed.length,
    unread: views.mine.filter(({ unread }) => unread > 0).length,
  }
  const agents = [...state.agents.values()]
    .sort((a, b) => a.id - b.id)
    // The load of each agent follows from the conversations; no event publishes it.
    .map((agent) => ({ ...agent, openConversations: listView(conversations, 'mine', agent.id, null).length }))
  return { role, views, counts, agents, open }
}

function shownMessages(timeline: Timeline): Omit<Message, 'version'>[] {
  return timeline.messages.map((message) => {
    const { version: _, ...shown } = message
    return { ...shown, isRead: isRead(timeline, message) }
  })
}
