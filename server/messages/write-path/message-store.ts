// Where the message writer puts its batches. Two stores implement it: the locked one, which suffices, and the
// optimistic one on top, which needs one round trip where it can.

import type { Message } from '#protocol/entities.ts'
import type { Send } from '../send.ts'

export interface Appended {
  message: Message
  /** The message existed already; nothing was written. */
  isDuplicate: boolean
  /**
   * Written now, or possibly by this batch before an ambiguous commit: publishing twice is harmless, never publishing
   * is not.
   */
  shouldPublish: boolean
}

export interface AppendedBatch {
  /** One per send, in their order: the message, or why it was not written. */
  outcomes: (Appended | Error)[]
  /** Transitions that the messages caused, by conversation. */
  changes: ReadonlyMap<number, 'queued' | 'reopened' | 'released'>
}

export interface MessageStore {
  /**
   * Writes a batch and resolves after its commit. A rejected message does not fail the others. `isRetry`: an earlier
   * attempt may have been committed.
   */
  append(batch: readonly Send[], isRetry?: boolean): Promise<AppendedBatch>
}
