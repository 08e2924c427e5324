// What this side has sent and the server has not acknowledged: kept before it goes out, sent in order, one at a time, always under the
// same clientMessageId, until it is acknowledged or refused for good. A reload finds it again.

import { type ReadonlySignal, signal } from '@preact/signals'
import { backoffMs } from '../connection/backoff.ts'
import { newId } from '../connection/new-id.ts'
import { RequestError, type RequestErrorCode } from '../connection/request-error.ts'
import type { Storage } from '../storage/storage.ts'

export interface OutboxEntry {
  clientMessageId: string
  content: string
  createdAt: string
  /** Where it stands in the order of what was typed. */
  position: number
  /** Why it cannot be sent as it is; null while it can. */
  failure: RequestErrorCode | null
}

export interface Outbox {
  entries: ReadonlySignal<readonly OutboxEntry[]>
  add(content: string): void
  /** Tries again what was refused. */
  retry(clientMessageId: string): void
  /** Takes it out: acknowledged, or given up by who wrote it. */
  remove(clientMessageId: string): void
  /** The connection is there: no reason to wait longer. */
  wake(): void
  /** Ends sending; what is left stays kept. */
  stop(): void
}

export interface OutboxOptions {
  storage: Storage
  /** Of the conversation. */
  name: string
  /** Sends one and resolves once it is acknowledged; rejects with a RequestError. */
  deliver: (entry: OutboxEntry) => Promise<void>
}

export function openOutbox({ storage, name, deliver }: OutboxOptions): Outbox {
  const prefix = outboxPrefix(name)
  const entries = signal<readonly OutboxEntry[]>(keptEntries(storage, prefix))
  let isSending = false
  let isStopped = false
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function keep(entry: OutboxEntry): void {
    storage.set(prefix + entry.clientMessageId, JSON.stringify(entry))
    const others = entries.value.filter(({ clientMessageId }) => clientMessageId !== entry.clientMessageId)
    entries.value = [...others, entry].sort((a, b) => a.position - b.position)
  }

  function remove(clientMessageId: string): void {
    storage.remove(prefix + clientMessageId)
    entries.value = entries.value.filter((entry) => entry.clientMessageId !== clientMessageId)
  }

  async function sendNext(): Promise<void> {
    clearTimeout(timer)
    const entry = entries.value.find(({ failure }) => failure === null)
    if (!entry || isSending || isStopped) return
    isSending = true
    let wait: number | null = 0
    try {
      await deliver(entry)
      failures = 0
      remove(entry.clientMessageId)
    } catch (error) {
      wait = waitAfter(error)
      if (wait === 0) setFailure(entry.clientMessageId, error instanceof RequestError ? error.code : 'internal')
    }
    isSending = false
    if (wait === 0) void sendNext()
    else if (wait !== null && !isStopped) timer = setTimeout(sendNext, wait)
  }

  /** Milliseconds until the next try; 0 for a refusal that would come again; null to wait for the connection. */
  function waitAfter(error: unknown): number | null {
    if (!(error instanceof RequestError)) return 0
    // A session that ended is renewed by the connection, which then wakes this outbox.
    if (error.code === 'offline' || error.code === 'unauthorized') return null
    if (!error.retryable) return 0
    failures++
    return error.retryAfterMs ?? backoffMs(failures)
  }

  function setFailure(clientMessageId: string, failure: RequestErrorCode | null): void {
    const entry = entries.value.find((each) => each.clientMessageId === clientMessageId)
    if (entry) keep({ ...entry, failure })
  }

  return {
    entries,
    remove,
    add(content) {
      const position = Math.max(Date.now(), (entries.value.at(-1)?.position ?? 0) + 1)
      keep({ clientMessageId: newId(), content, createdAt: new Date().toISOString(), position, failure: null })
      void sendNext()
    },
    retry(clientMessageId) {
      setFailure(clientMessageId, null)
      void sendNext()
    },
    wake() {
      failures = 0
      void sendNext()
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** Gives what is kept under one name to another: a conversation that had no id yet has got one. */
export function moveOutbox(storage: Storage, from: string, to: string): void {
  for (const key of storage.names(outboxPrefix(from))) {
    const entry = storage.get(key)
    if (entry !== null) storage.set(outboxPrefix(to) + key.slice(outboxPrefix(from).length), entry)
    storage.remove(key)
  }
}

function outboxPrefix(name: string): string {
  return `outbox:${name}:`
}

/** What an earlier page left; unreadable leftovers are dropped. */
function keptEntries(storage: Storage, prefix: string): OutboxEntry[] {
  const kept: OutboxEntry[] = []
  for (const key of storage.names(prefix)) {
    try {
      kept.push(JSON.parse(storage.get(key) ?? '') as OutboxEntry)
    } catch {
      storage.remove(key)
    }
  }
  return kept.sort((a, b) => a.position - b.position)
}
