// The state of one client as a pure value built from replies and events alone: conversations with their newest
// version, messages of the open ones (in the product's own timeline), agents, and availability.

import type { Agent, Conversation, Message, Receipt } from '#protocol/entities.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import { withNewestStatus } from '../../client-web/console/workspace/newest-status.ts'
import {
  addHead,
  addLive,
  addPage,
  emptyTimeline,
  sawVersion,
  syncedTo,
  type Timeline,
} from '../../client-web/shared/timeline/timeline.ts'

export interface ClientState {
  readonly conversations: ReadonlyMap<number, Conversation>
  /** The timelines of the open conversations. */
  readonly timelines: ReadonlyMap<number, Timeline>
  readonly agents: ReadonlyMap<number, Agent>
  readonly isAnyAgentAvailable: boolean
}

export const emptyState: ClientState = {
  conversations: new Map(),
  timelines: new Map(),
  agents: new Map(),
  isAnyAgentAvailable: false,
}

export function mergeConversations(state: ClientState, conversations: readonly Conversation[]): ClientState {
  const merged = new Map(state.conversations)
  const timelines = new Map(state.timelines)
  for (const conversation of conversations) {
    const held = merged.get(conversation.id)
    if (!held || held.version <= conversation.version) merged.set(conversation.id, conversation)
    const timeline = timelines.get(conversation.id)
    if (timeline) timelines.set(conversation.id, sawVersion(addHead(timeline, conversation), conversation.version))
  }
  return { ...state, conversations: merged, timelines }
}

/** Subscribes before the conversation is requested. */
export function subscribeTo(state: ClientState, conversationId: number): ClientState {
  if (state.timelines.has(conversationId)) return state
  return { ...state, timelines: new Map(state.timelines).set(conversationId, emptyTimeline) }
}

export function leave(state: ClientState, conversationId: number): ClientState {
  const timelines = new Map(state.timelines)
  timelines.delete(conversationId)
  return { ...state, timelines }
}

export function mergePage(state: ClientState, conversationId: number, messages: readonly Message[]): ClientState {
  return changeTimeline(state, conversationId, (timeline) => addPage(timeline, messages))
}

export function mergeMessage(state: ClientState, message: Message): ClientState {
  return changeTimeline(state, message.conversationId, (timeline) =>
    sawVersion(addLive(timeline, [message]), message.version),
  )
}

/** Everything up to this version was requested and received. */
export function markSynced(state: ClientState, conversationId: number, version: number): ClientState {
  return changeTimeline(state, conversationId, (timeline) => syncedTo(timeline, version))
}

export function mergeReceipt(state: ClientState, { conversationId, readerRole, seq }: Receipt): ClientState {
  const head = readerRole === 'customer' ? { customerReadSeq: seq } : { agentReadSeq: seq }
  return changeTimeline(state, conversationId, (timeline) => addHead(timeline, head))
}

export function mergeAgents(state: ClientState, agents: readonly Agent[]): ClientState {
  const merged = new Map(state.agents)
  for (const agent of agents) merged.set(agent.id, withNewestStatus(agent, merged.get(agent.id)))
  return { ...state, agents: merged }
}

export function mergeAvailability(state: ClientState, isAnyAgentAvailable: boolean): ClientState {
  return { ...state, isAnyAgentAvailable }
}

const eventHandlers: { [E in EventName]?: (state: ClientState, data: ServerEvents[E]) => ClientState } = {
  'message:created': mergeMessage,
  'receipt:updated': mergeReceipt,
  'conversation:created': (state, { conversation }) => mergeConversations(state, [conversation]),
  'conversation:updated': (state, { conversation }) => mergeConversations(state, [conversation]),
  'conversation:erased': (state, { conversationId }) => {
    const conversations = new Map(state.conversations)
    conversations.delete(conversationId)
    return leave({ ...state, conversations }, conversationId)
  },
  'agent:status-changed': (state, { agentId, status, lastSeen }) => {
    const agent = state.agents.get(agentId)
    return agent ? mergeAgents(state, [{ ...agent, status, lastSeen }]) : state
  },
  'agent:updated': (state, { agentId, agent }) =>
    agent
      ? mergeAgents(state, [agent])
      : { ...state, agents: new Map([...state.agents].filter(([id]) => id !== agentId)) },
  'availability:changed': (state, { available }) => mergeAvailability(state, available),
}

export function applyEvent<E extends EventName>(state: ClientState, event: E, data: ServerEvents[E]): ClientState {
  return eventHandlers[event]?.(state, data) ?? state
}

function changeTimeline(
  state: ClientState,
  conversationId: number,
  change: (timeline: Timeline) => Timeline,
): ClientState {
  const timeline = state.timelines.get(conversationId)
  return timeline ? { ...state, timelines: new Map(state.timelines).set(conversationId, change(timeline)) } : state
}
