// Files to send: chosen, pasted or dropped, then validated, and sent with the next message. Nothing here is loaded on
// demand: a file that was chosen has to be sent, whatever the server serves by now.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { OutgoingAttachment } from '../timeline/outbox-store.ts'
import { describeFile, type RejectedFile, validateFiles } from './validate-files.ts'

export interface FileSelection {
  files: ReadonlySignal<readonly File[]>
  /** The files of the last addition that cannot be sent. */
  rejected: ReadonlySignal<readonly RejectedFile[]>
  add(files: Iterable<File>): void
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
    add(added) {
      const result = validateFiles(files.value, [...added])
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
  for (const file of files) {
    const attachment = await describeFile(file)
    await send(attachment.name, attachment)
  }
}
