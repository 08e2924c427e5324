// The state of one client as a pure value built from replies and events alone: conversations with their newest
// version, messages of the open ones (in the product's own timeline), agents, and availability.

import type { Agent, Conversation, Message, Receipt } from '#protocol/entities.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import {
  addHead,
  addLive,
  addPage,
  emptyTimeline,
  sawVersion,
  syncedTo,
  type Timeline,
} from '../../client-web/shared/timeline/timeline.ts'

export interface HeldState {
  readonly conversations: ReadonlyMap<number, Conversation>
  /** The timelines of the open conversations. */
  readonly timelines: ReadonlyMap<number, Timeline>
  readonly agents: ReadonlyMap<number, Agent>
  readonly isSomebodyHere: boolean
}

export const emptyState: HeldState = {
  conversations: new Map(),
  timelines: new Map(),
  agents: new Map(),
  isSomebodyHere: false,
}

export function takeConversations(state: HeldState, conversations: readonly Conversation[]): HeldState {
  const known = new Map(state.conversations)
  const timelines = new Map(state.timelines)
  for (const conversation of conversations) {
    const held = known.get(conversation.id)
    if (!held || held.version <= conversation.version) known.set(conversation.id, conversation)
    const timeline = timelines.get(conversation.id)
    if (timeline) timelines.set(conversation.id, sawVersion(addHead(timeline, conversation), conversation.version))
  }
  return { ...state, conversations: known, timelines }
}

/** Subscribes before the conversation is requested. */
export function listenTo(state: HeldState, conversationId: number): HeldState {
  if (state.timelines.has(conversationId)) return state
  return { ...state, timelines: new Map(state.timelines).set(conversationId, emptyTimeline) }
}

export function leave(state: HeldState, conversationId: number): HeldState {
  const timelines = new Map(state.timelines)
  timelines.delete(conversationId)
  return { ...state, timelines }
}

export function takePage(state: HeldState, conversationId: number, messages: readonly Message[]): HeldState {
  return changeTimeline(state, conversationId, (timeline) => addPage(timeline, messages))
}

export function takeMessage(state: HeldState, message: Message): HeldState {
  return changeTimeline(state, message.conversationId, (timeline) =>
    sawVersion(addLive(timeline, [message]), message.version),
  )
}

/** Everything up to this version was requested and received. */
export function takeSynced(state: HeldState, conversationId: number, version: number): HeldState {
  return changeTimeline(state, conversationId, (timeline) => syncedTo(timeline, version))
}

export function takeReceipt(state: HeldState, { conversationId, readerRole, seq }: Receipt): HeldState {
  const head = readerRole === 'customer' ? { customerReadSeq: seq } : { agentReadSeq: seq }
  return changeTimeline(state, conversationId, (timeline) => addHead(timeline, head))
}

export function takeAgents(state: HeldState, agents: readonly Agent[]): HeldState {
  return { ...state, agents: new Map([...state.agents, ...agents.map((agent) => [agent.id, agent] as const)]) }
}

export function takePresence(state: HeldState, isSomebodyHere: boolean): HeldState {
  return { ...state, isSomebodyHere }
}

const hearers: { [E in EventName]?: (state: HeldState, data: ServerEvents[E]) => HeldState } = {
  'message:created': takeMessage,
  'message:updated': takeMessage,
  'receipt:updated': takeReceipt,
  'conversation:created': (state, { conversation }) => takeConversations(state, [conversation]),
  'conversation:updated': (state, { conversation }) => takeConversations(state, [conversation]),
  'agent:status-changed': (state, { agentId, status, lastSeen }) => {
    const agent = state.agents.get(agentId)
    return agent ? takeAgents(state, [{ ...agent, status, lastSeen }]) : state
  },
  'agent:updated': (state, { agent }) => (agent ? takeAgents(state, [agent]) : state),
  'availability:changed': (state, { available }) => takePresence(state, available),
}

export function hear<E extends EventName>(state: HeldState, event: E, data: ServerEvents[E]): HeldState {
  return hearers[event]?.(state, data) ?? state
}

function changeTimeline(state: HeldState, conversationId: number, change: (timeline: Timeline) => Timeline): HeldState {
  const timeline = state.timelines.get(conversationId)
  return timeline ? { ...state, timelines: new Map(state.timelines).set(conversationId, change(timeline)) } : state
}
