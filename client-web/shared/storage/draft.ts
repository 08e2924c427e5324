// Unsent text, stored at every change so that a reload loses
// nothing. Other tabs show it, except one where somebody is typing.

import { type Signal, signal } from '@preact/signals'
import type { Storage } from './storage.ts'

export interface Draft {
  text: Signal<string>
  set(text: string): void
  /** Clears the text. The stored copy stays until `stored` resolves, when the outbox has it. */
  sent(stored: Promise<void>): void
  close(): void
}

/** Typing ends after this long without a key press. */
const typingPauseMs = 2_000

const keyOf = (name: string) => `draft:${name}`

export const removeDraft = (storage: Storage, name: string): void => storage.remove(keyOf(name))

export function openDraft(storage: Storage, name: string): Draft {
  const key = keyOf(name)
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
