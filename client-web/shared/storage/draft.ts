// What somebody has typed and not yet sent, kept under its name at every change so that a reload loses nothing. Other tabs show it too,
// but for one in which somebody is typing.

import { type Signal, signal } from '@preact/signals'
import type { Storage } from './storage.ts'

export interface Draft {
  text: Signal<string>
  set(text: string): void
  /** It goes from the screen at once, and is kept until `kept` says that it is safe elsewhere. */
  sent(stored: Promise<void>): void
  close(): void
}

/** Who has not touched a key for this long is not typing. */
const typingPauseMs = 2_000

export function openDraft(storage: Storage, name: string): Draft {
  const key = `draft:${name}`
  const text = signal(storage.get(key) ?? '')
  let typedAt = Number.NEGATIVE_INFINITY
  return {
    text,
    set(value) {
      typedAt = performance.now()
      text.value = value
      if (value === '') storage.remove(key)
      else storage.set(key, value)
    },
    async sent(stored) {
      typedAt = Number.NEGATIVE_INFINITY
      text.value = ''
      await stored
      if (text.value === '') storage.remove(key)
    },
    close: storage.watch((changed, value) => {
      if (changed === key && performance.now() - typedAt > typingPauseMs) text.value = value ?? ''
    }),
  }
}
