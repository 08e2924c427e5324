// What somebody has typed and not yet sent, kept under its name at every change so that a reload loses nothing.

import { type Signal, signal } from '@preact/signals'
import type { Storage } from './storage.ts'

export interface Draft {
  text: Signal<string>
  set(text: string): void
}

export function openDraft(storage: Storage, name: string): Draft {
  const key = `draft:${name}`
  const text = signal(storage.get(key) ?? '')
  return {
    text,
    set(value) {
      text.value = value
      if (value === '') storage.remove(key)
      else storage.set(key, value)
    },
  }
}
