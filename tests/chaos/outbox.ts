// The outbox of one client in one conversation: sends in order, under the same clientMessageId, until acknowledged or
// refused for good.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosClient } from './chaos-client.ts'
import type { Journal, Sent } from './journal.ts'

export interface Outbox {
  add(content: string): void
  /** The number of unacknowledged messages. */
  size(): number
}

const slowMs = 3000

/** `window`: how many are in flight at most. With 1, seq follows the order of sending. */
export function openOutbox(client: ChaosClient, conversationId: number, journal: Journal, window: number): Outbox {
  const waiting: Sent[] = []
  const inFlight = new Set<Sent>()
  let written = 0

  function pump() {
    if (!client.isOnline()) return
    for (const sent of waiting.slice(0, window)) {
      if (inFlight.size < window && !inFlight.has(sent)) void send(sent)
    }
  }

  async function send(sent: Sent) {
    inFlight.add(sent)
    const { clientMessageId, content } = sent
    const outcome = await client.request('message:send', { conversationId, clientMessageId, content })
    inFlight.delete(sent)
    if (outcome.kind === 'ok') {
      sent.acknowledged = outcome.data.message
      const at = performance.now()
      const tookMs = Math.round(at - sent.sentAt)
      journal.acknowledgements.push({ at, tookMs })
      if (tookMs > slowMs) journal.note('acknowledged late', { ...sent, content: content.length, tookMs })
      waiting.splice(waiting.indexOf(sent), 1)
    } else if (outcome.kind === 'refused' && !outcome.retryable) {
      sent.refused = outcome.code
      journal.count(`sends refused: ${outcome.code}`)
      waiting.splice(waiting.indexOf(sent), 1)
    } else {
      journal.count('sends tried again')
      const why = outcome.kind === 'refused' ? outcome.code : outcome.kind
      journal.note('sent in vain', { clientMessageId, why })
      await sleep(100)
    }
    pump()
  }

  client.onOnline(pump)
  return {
    add(content) {
      const clientMessageId = `${client.account.id}-${conversationId}-${++written}`
      const senderId = client.account.id
      const sentAt = performance.now()
      const sent = { conversationId, senderId, clientMessageId, content, isOrdered: window === 1, sentAt }
      journal.sent.push({ ...sent, acknowledged: null, refused: null })
      waiting.push(journal.sent.at(-1) as Sent)
      pump()
    },
    size: () => waiting.length,
  }
}
