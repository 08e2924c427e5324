// What waits for the writer, in the order in which it came: what a conversation that is being written has waiting is not ready, so that its
// messages never overtake each other, and goes behind what others have.
//
// Nothing here that lasts holds what comes and goes with each message, but the one array of what waits: V8's tables, when they are made anew,
// point from the old one to the new, and once one has grown old, all that was ever in those after it does, until the next full collection.

import { serverLimits } from '#protocol/limits/server.ts'

interface Waiting {
  send: { conversationId: number; content: string }
}

export interface SendQueue<W extends Waiting> {
  add(one: W): void
  /** How many could be written now. */
  ready(): number
  /** How many wait, those of conversations that are being written included. */
  all(): number
  /** The first that are ready, up to serverLimits.writerBatchRows and serverLimits.writerBatchBytes (UTF-16 units count double), at least one. */
  takeBatch(): W[]
  /** To be told of every batch that was taken. */
  written(batch: readonly W[]): void
}

export function createSendQueue<W extends Waiting>(): SendQueue<W> {
  let waiting: W[] = []
  let ready = 0
  /** Conversations, by batch. */
  let beingWritten: ReadonlySet<number>[] = []

  const isHeld = ({ send }: W) => beingWritten.some((conversations) => conversations.has(send.conversationId))
  const countReady = () => {
    ready = beingWritten.length === 0 ? waiting.length : waiting.reduce((n, one) => (isHeld(one) ? n : n + 1), 0)
  }

  return {
    ready: () => ready,
    all: () => waiting.length,
    add(one) {
      waiting.push(one)
      if (!isHeld(one)) ready += 1
    },
    takeBatch() {
      const batch: W[] = []
      const conversations = new Set<number>()
      const left: W[] = []
      const behind: W[] = []
      let bytes = 0
      let isFull = false
      for (const one of waiting) {
        const { conversationId, content } = one.send
        const isOf = conversations.has(conversationId)
        if (!isFull && !isHeld(one)) {
          bytes += content.length * 2
          isFull =
            batch.length === serverLimits.writerBatchRows || (batch.length > 0 && bytes > serverLimits.writerBatchBytes)
          if (!isFull) {
            batch.push(one)
            conversations.add(conversationId)
            continue
          }
        }
        if (isOf) behind.push(one)
        else left.push(one)
      }
      waiting = left.concat(behind)
      beingWritten = [...beingWritten, conversations]
      countReady()
      return batch
    },
    written([first]) {
      beingWritten = beingWritten.filter((conversations) => !first || !conversations.has(first.send.conversationId))
      countReady()
    },
  }
}
