// What the attachments of a message list share: file access, upload progress, and the enlarged image.

import type { ReadonlySignal, Signal } from '@preact/signals'
import type { Files } from './files.ts'

export interface MediaContext {
  files: Files
  /** From 0 to 1, by clientMessageId. */
  progress: ReadonlySignal<ReadonlyMap<string, number>>
  /** Attachment id. */
  enlarged: Signal<number | null>
}
