// What pictures and files in a list of messages share: where bytes come from, how far uploads are, and which picture is shown large.

import type { ReadonlySignal, Signal } from '@preact/signals'
import type { Files } from './files.ts'

export interface MediaContext {
  files: Files
  /** From 0 to 1, by clientMessageId. */
  progress: ReadonlySignal<ReadonlyMap<string, number>>
  /** Id of an attachment. */
  enlarged: Signal<number | null>
}
