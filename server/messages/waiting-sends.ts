// What waits for the writer, in a line for each conversation: a conversation that is being written is not ready, so that its messages never
// overtake each other. Ready conversations come first come first.

import { limits } from '#protocol/limits.ts'

interface Waiting {
  send: { conversationId: number; content: string }
}

export interface WaitingSends<W extends Waiting> {
  add(one: W): void
  /** How many could be written now. */
  ready(): number
  /** How many wait, those of conversations that are being written included. */
  all(): number
  /** The first that are ready, up to limits.writerBatchRows and limits.writerBatchBytes (UTF-16 units count double), at least one. */
  takeBatch(): W[]
  /** To be told of every batch that was taken. */
  written(batch: readonly W[]): void
}

export function createWaitingSends<W extends Waiting>(): WaitingSends<W> {
  const readyLines = new Map<number, W[]>()
  /** Of conversations that are being written. */
  const heldLines = new Map<number, W[]>()
  let ready = 0
  let held = 0

  return {
    ready: () => ready,
    all: () => ready + held,
    add(one) {
      const { conversationId } = one.send
      const heldLine = heldLines.get(conversationId)
      if (heldLine) {
        heldLine.push(one)
        held += 1
        return
      }
      const line = readyLines.get(conversationId)
      if (line) line.push(one)
      else readyLines.set(conversationId, [one])
      ready += 1
    },
    takeBatch() {
      const batch: W[] = []
      let bytes = 0
      for (const [conversationId, line] of readyLines) {
        let taken = 0
        for (const one of line) {
          bytes += one.send.content.length * 2
          if (batch.length === limits.writerBatchRows || (batch.length > 0 && bytes > limits.writerBatchBytes)) break
          batch.push(one)
          taken += 1
        }
        if (taken === 0) break
        const rest = line.slice(taken)
        readyLines.delete(conversationId)
        heldLines.set(conversationId, rest)
        ready -= line.length
        held += rest.length
        if (rest.length > 0) break
      }
      return batch
    },
    written(batch) {
      for (const { send } of batch) {
        const line = heldLines.get(send.conversationId)
        if (line === undefined) continue
        heldLines.delete(send.conversationId)
        held -= line.length
        ready += line.length
        if (line.length > 0) readyLines.set(send.conversationId, line)
      }
    },
  }
}
