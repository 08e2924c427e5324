// Files that somebody means to send: chosen, pasted or dropped, looked over, and sent with the next press of the button.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { OutgoingAttachment } from '../timeline/outbox.ts'

export interface RefusedFile {
  name: string
  why: 'empty' | 'too_large' | 'type' | 'too_many'
}

export interface Picking {
  files: ReadonlySignal<readonly File[]>
  /** Of the files added last, those that cannot be sent. */
  refused: ReadonlySignal<readonly RefusedFile[]>
  add(files: Iterable<File>): Promise<void>
  remove(file: File): void
  /** All of them, which are no longer here. */
  take(): readonly File[]
}

export function createPicking(): Picking {
  const files = signal<readonly File[]>([])
  const refused = signal<readonly RefusedFile[]>([])
  return {
    files,
    refused,
    async add(added) {
      // Before the first pause: what was dropped or pasted is only there for a moment.
      const all = [...added]
      const { lookOver } = await import('./validate-files.ts')
      const looked = lookOver(files.value, all)
      files.value = [...files.value, ...looked.good]
      refused.value = looked.refused
    },
    remove(file) {
      files.value = files.value.filter((each) => each !== file)
      refused.value = []
    },
    take() {
      const taken = files.value
      files.value = []
      refused.value = []
      return taken
    },
  }
}

/** Hands each to `send`, one after another. */
export async function sendFiles(
  files: readonly File[],
  send: (name: string, attachment: OutgoingAttachment) => Promise<void>,
): Promise<void> {
  if (files.length === 0) return
  const { describe } = await import('./validate-files.ts')
  for (const file of files) {
    const attachment = await describe(file)
    await send(attachment.name, attachment)
  }
}
