// The record of a run: requests, replies, and violations seen on the way. The checkers read it.

import { appendFileSync } from 'node:fs'
import type { ConversationStatus, Message } from '#protocol/entities.ts'
import type { ErrorCode } from '#protocol/errors.ts'

export interface Sent {
  conversationId: number
  senderId: number
  clientMessageId: string
  content: string
  /** Sent only after the previous one was acknowledged, so their seqs must follow each other. */
  isOrdered: boolean
  sentAt: number
  acknowledged: Message | null
  refused: ErrorCode | null
}

export interface AcknowledgedReceipt {
  conversationId: number
  side: 'customer' | 'agent'
  seq: number
}

export interface AcknowledgedChange {
  conversationId: number
  change: string
  byAgentId: number
  version: number
  status: ConversationStatus
  agentId: number | null
}

export interface RecordedReply {
  request: string
  from: number
  to: number
  /** null when it succeeded. */
  error: ErrorCode | null
}

export interface Journal {
  sent: Sent[]
  receipts: AcknowledgedReceipt[]
  changes: AcknowledgedChange[]
  replies: RecordedReply[]
  /** When each message was acknowledged, and how long after its first send; milliseconds of performance.now(). */
  acknowledgements: { at: number; tookMs: number }[]
  violations: string[]
  counts: Map<string, number>
  count(what: string): void
  violation(what: string): void
  note(event: string, data?: object): void
}

/** Writes its notes to `file`, one JSON object per line. */
export function createJournal(file: string): Journal {
  const violations: string[] = []
  const counts = new Map<string, number>()
  let lines = ''
  const flush = () => {
    if (lines !== '') appendFileSync(file, lines)
    lines = ''
  }
  const note = (event: string, data: object = {}) => {
    if (lines === '') setImmediate(flush)
    lines += `${JSON.stringify({ at: Math.round(performance.now()), event, ...data })}\n`
  }
  return {
    sent: [],
    receipts: [],
    changes: [],
    replies: [],
    acknowledgements: [],
    violations,
    counts,
    count: (what) => counts.set(what, (counts.get(what) ?? 0) + 1),
    violation(what) {
      violations.push(what)
      note('violation', { what })
    },
    note,
  }
}
