// Keeps a conversation's messages in sync: events are applied, and a gap, a newer head or a reconnect
// fetches everything after the last loaded seq and version. The higher version of the conversation wins. If the
// database has lost what is loaded here, it is loaded again from the newest page.

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { Conversation, Message } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { backoffMs } from '../connection/backoff.ts'
import type { Connection } from '../connection/connection.ts'
import { RequestError } from '../connection/request-error.ts'
import {
  addHead,
  addLive,
  addPage,
  contradicts,
  emptyTimeline,
  firstLoadedSeq,
  hasGap,
  lastLoadedSeq,
  lostMessages,
  sawVersion,
  syncedTo,
  type Timeline,
} from './timeline.ts'

export interface OpenTimeline<C extends Conversation> {
  timeline: ReadonlySignal<Timeline>
  conversation: ReadonlySignal<C | null>
  /** False until the first page is loaded. */
  isLoaded: ReadonlySignal<boolean>
  isLoadingOlder: ReadonlySignal<boolean>
  /** The error if it cannot be read and a retry would not help. */
  error: ReadonlySignal<RequestError | null>
  /** Adds a message from a reply. */
  addMessage(message: Message): void
  /** Sets the conversation from a reply. */
  setConversation(conversation: Conversation): void
  loadOlder(): Promise<void>
  /** Marks everything loaded as read by `reader`. Asks the server only if that advances the read position. */
  markRead(reader: 'customer' | 'agent'): void
  /** Stops listening and leaves the conversation. */
  close(): void
}

/** A conversation event may overtake the message it belongs to. Wait this long before fetching. */
const graceMs = 400

export interface TimelineOptions<C extends Conversation> {
  connection: Connection
  conversationId: number
  /** The current user. */
  selfId: number
  /** The conversation from a list, shown until the server replies. */
  initial?: C | undefined
  /** Receives messages of the current user that the database has lost, oldest first. */
  onLost?(messages: readonly Message[]): void
}

export function openTimeline<C extends Conversation>(options: TimelineOptions<C>): OpenTimeline<C> {
  const { connection, conversationId, selfId, initial, onLost } = options
  const timeline = signal<Timeline>(emptyTimeline)
  const conversation = signal<C | null>(null)
  const isLoaded = signal(false)
  const isLoadingOlder = signal(false)
  const error = signal<RequestError | null>(null)
  let isClosed = false
  let isSyncing = false
  let isSyncRequested = false
  let failures = 0
  let requestedReadSeq = 0
  /** What is loaded may not be what the database holds. */
  let isOutdated = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function setConversation(next: Conversation): void {
    if (next.id !== conversationId) return
    batch(() => {
      if (conversation.value === null || next.version >= conversation.value.version) conversation.value = next as C
      timeline.value = sawVersion(addHead(timeline.value, next), next.version)
    })
  }

  function addMessage(message: Message): void {
    if (message.conversationId !== conversationId) return
    if (contradicts(timeline.value, message)) reload()
    else timeline.value = sawVersion(addLive(timeline.value, [message]), message.version)
    if (isLoaded.value && timeline.value.ahead.length > 0) void sync()
  }

  async function sync(): Promise<void> {
    clearTimeout(timer)
    isSyncRequested = true
    if (isSyncing || isClosed) return
    isSyncing = true
    try {
      while (isSyncRequested) {
        isSyncRequested = false
        await catchUp()
      }
      failures = 0
      error.value = null
    } catch (failure) {
      const { retryable, code } = failure as RequestError
      if (!retryable && code !== 'unauthorized') error.value = failure as RequestError
      else if (code !== 'offline') scheduleSync((failure as RequestError).retryAfterMs ?? backoffMs(++failures))
    } finally {
      isSyncing = false
    }
  }

  function reload(): void {
    isOutdated = isLoaded.value
    void sync()
  }

  /** Replaces everything by the newest page. */
  async function loadAgain(): Promise<void> {
    const reply = await connection.request('conversation:open', { conversationId })
    isOutdated = false
    const lost = lostMessages(timeline.value, reply.messages, selfId)
    batch(() => {
      timeline.value = addPage(emptyTimeline, reply.messages)
      conversation.value = null
      setConversation(reply.conversation)
      timeline.value = syncedTo(timeline.value, reply.conversation.version)
    })
    requestedReadSeq = 0
    onLost?.(lost)
    // Includes what arrived between the server's read and its reply.
    isSyncRequested = true
  }

  /** Subscribes and loads everything after the last loaded seq and version, page by page. */
  async function catchUp(): Promise<void> {
    const afterSeq = lastLoadedSeq(timeline.value)
    const afterVersion = timeline.value.syncedVersion
    const limit = limits.pageSize
    if (isOutdated) return loadAgain()
    const position = isLoaded.value ? { afterSeq, afterVersion, limit } : {}
    const reply = await connection.request('conversation:open', { conversationId, ...position })
    // The server had committed what is loaded before it read this.
    if (isLoaded.value && (reply.conversation.lastSeq < afterSeq || reply.conversation.version < afterVersion)) {
      return loadAgain()
    }
    setConversation(reply.conversation)
    const messages = [...reply.messages]
    const last = messages.at(-1)
    const hasMoreChanges = isLoaded.value && reply.hasMore && last !== undefined && last.seq <= afterSeq
    try {
      let hasMorePages = isLoaded.value && reply.hasMore && !hasMoreChanges
      while (hasMorePages && !isClosed) {
        const current = messages.at(-1)?.seq ?? afterSeq
        const page = await connection.request('message:list', { conversationId, afterSeq: current, limit })
        messages.push(...page.messages)
        hasMorePages = page.hasMore && page.messages.length > 0
      }
    } finally {
      // Keep the pages that arrived before a failure.
      timeline.value = addPage(timeline.value, messages)
    }
    batch(() => {
      timeline.value = syncedTo(timeline.value, hasMoreChanges ? last.version : reply.conversation.version)
      isLoaded.value = true
    })
    if (hasMoreChanges) isSyncRequested = true
    // Events during the fetch may have left a gap.
    else if (hasGap(timeline.value)) scheduleSync(graceMs)
  }

  function scheduleSync(wait: number): void {
    if (isClosed) return
    clearTimeout(timer)
    timer = setTimeout(sync, wait)
  }

  async function loadOlder(): Promise<void> {
    const beforeSeq = firstLoadedSeq(timeline.value)
    if (isLoadingOlder.value || beforeSeq <= 1) return
    isLoadingOlder.value = true
    try {
      const page = await connection.request('message:list', { conversationId, beforeSeq })
      timeline.value = addPage(timeline.value, page.messages)
    } catch (failure) {
      // The next scroll retries.
      if (!(failure instanceof RequestError)) throw failure
    } finally {
      isLoadingOlder.value = false
    }
  }

  function markRead(reader: 'customer' | 'agent'): void {
    const { messages, customerReadSeq, agentReadSeq } = timeline.value
    const isOthers = (message: Message) => (message.senderRole === 'customer') !== (reader === 'customer')
    const seq = messages.findLast(isOthers)?.seq ?? 0
    const readSeq = reader === 'customer' ? customerReadSeq : agentReadSeq
    if (seq <= Math.max(readSeq, requestedReadSeq)) return
    requestedReadSeq = seq
    connection.request('message:mark-read', { conversationId, seq }).then(
      ({ receipt }) => {
        timeline.value = addHead(timeline.value, readHead(receipt.readerRole, receipt.seq))
      },
      () => {
        requestedReadSeq = 0
      },
    )
  }

  const undo = [
    connection.on('message:created', addMessage),
    connection.on('receipt:updated', (receipt) => {
      if (receipt.conversationId !== conversationId) return
      timeline.value = addHead(timeline.value, readHead(receipt.readerRole, receipt.seq))
    }),
    connection.on('conversation:updated', (update) => {
      setConversation(update.conversation)
      if (isLoaded.value && hasGap(timeline.value)) scheduleSync(graceMs)
    }),
    connection.on('conversation:erased', (erased) => {
      if (erased.conversationId !== conversationId) return
      batch(() => {
        timeline.value = emptyTimeline
        conversation.value = null
        error.value = new RequestError('not_found', 'There is no such conversation.', false)
      })
    }),
    connection.on('conversation:heads', ({ heads }) => {
      const head = heads.find((each) => each.conversationId === conversationId)
      if (!head) return
      timeline.value = addHead(timeline.value, { lastSeq: head.lastSeq })
      if (hasGap(timeline.value) || head.version > timeline.value.syncedVersion) scheduleSync(graceMs)
    }),
    connection.onNewEpoch(reload),
    connection.state.subscribe(({ phase }) => {
      if (phase === 'online') void sync()
      else requestedReadSeq = 0
    }),
  ]
  if (initial) setConversation(initial)

  return {
    timeline,
    conversation,
    isLoaded,
    isLoadingOlder,
    error,
    addMessage,
    setConversation,
    loadOlder,
    markRead,
    close() {
      isClosed = true
      clearTimeout(timer)
      for (const each of undo) each()
      connection.request('conversation:leave', { conversationId }).catch(() => undefined)
    },
  }
}

function readHead(role: string, seq: number): { customerReadSeq: number } | { agentReadSeq: number } {
  return role === 'customer' ? { customerReadSeq: seq } : { agentReadSeq: seq }
}
