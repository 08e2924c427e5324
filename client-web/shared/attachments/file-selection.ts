// Files to send: chosen, pasted or dropped, then validated, and sent with the next message.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { OutgoingAttachment } from '../timeline/outbox-store.ts'
import type { RejectedFile } from './validate-files.ts'

export interface FileSelection {
  files: ReadonlySignal<readonly File[]>
  /** The files of the last addition that cannot be sent. */
  rejected: ReadonlySignal<readonly RejectedFile[]>
  add(files: Iterable<File>): Promise<void>
  remove(file: File): void
  /** Empties the selection and returns its files. */
  drain(): readonly File[]
}

export function createFileSelection(): FileSelection {
  const files = signal<readonly File[]>([])
  const rejected = signal<readonly RejectedFile[]>([])
  return {
    files,
    rejected,
    async add(added) {
      // Copy before the first await: dropped and pasted files are accessible only during the event.
      const all = [...added]
      const { validateFiles } = await import('./validate-files.ts')
      const result = validateFiles(files.value, all)
      files.value = [...files.value, ...result.accepted]
      rejected.value = result.rejected
    },
    remove(file) {
      files.value = files.value.filter((each) => each !== file)
      rejected.value = []
    },
    drain() {
      const selected = files.value
      files.value = []
      rejected.value = []
      return selected
    },
  }
}

/** Calls `send` for each file, one after another. */
export async function sendFiles(
  files: readonly File[],
  send: (name: string, attachment: OutgoingAttachment) => Promise<void>,
): Promise<void> {
  if (files.length === 0) return
  const { describeFile } = await import('./validate-files.ts')
  for (const file of files) {
    const attachment = await describeFile(file)
    await send(attachment.name, attachment)
  }
}
