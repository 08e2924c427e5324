// One client's state of one conversation and its rules: messages grow in seq order, everything else keeps the higher
// version or seq.

import type { Conversation, Message, Receipt } from '#protocol/entities.ts'

export interface View {
  conversationId: number
  /** The message with seq n is at index n - 1. */
  messages: Message[]
  /** Messages that arrived before the ones in front of them. */
  ahead: Map<number, Message>
  conversation: Conversation | null
  customerReadSeq: number
  agentReadSeq: number
}

export function createView(conversationId: number): View {
  return {
    conversationId,
    messages: [],
    ahead: new Map(),
    conversation: null,
    customerReadSeq: 0,
    agentReadSeq: 0,
  }
}

/** Adds messages in any order. Returns a complaint when one contradicts the state. */
export function addMessages(view: View, messages: readonly Message[]): string | null {
  let complaint: string | null = null
  for (const message of messages) {
    const held = view.messages[message.seq - 1] ?? view.ahead.get(message.seq)
    if (held === undefined) view.ahead.set(message.seq, message)
    else if (held.id !== message.id || held.content !== message.content) {
      complaint = `seq ${message.seq} of conversation ${view.conversationId} is message ${held.id} (${held.clientMessageId}) and message ${message.id} (${message.clientMessageId})`
    }
  }
  for (let next = view.ahead.get(lastSeq(view) + 1); next; next = view.ahead.get(lastSeq(view) + 1)) {
    view.ahead.delete(next.seq)
    view.messages.push(next)
  }
  return complaint
}

export function addConversation(view: View, conversation: Conversation): void {
  if (conversation.version > (view.conversation?.version ?? 0)) view.conversation = conversation
  view.customerReadSeq = Math.max(view.customerReadSeq, conversation.customerReadSeq)
  view.agentReadSeq = Math.max(view.agentReadSeq, conversation.agentReadSeq)
}

export function addReceipt(view: View, { readerRole, seq }: Receipt): void {
  if (readerRole === 'customer') view.customerReadSeq = Math.max(view.customerReadSeq, seq)
  else view.agentReadSeq = Math.max(view.agentReadSeq, seq)
}

export const lastSeq = (view: View): number => view.messages.length

export const hasGap = (view: View): boolean => view.ahead.size > 0
