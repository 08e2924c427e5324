// Who is typing: what the others said, forgotten when they fall silent, and telling the others about oneself, not at every key.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { TypingChange } from '#protocol/events.ts'
import { limits } from '#protocol/limits.ts'
import type { Connection } from '../connection/connection.ts'

export interface TypingWatch {
  /** Those of the conversation who are typing now, in the order they began. */
  typing: ReadonlySignal<readonly TypingChange[]>
  /** What they wrote has arrived. */
  clear(userId: number): void
  stop(): void
}

export function watchTyping(connection: Connection, conversationId: number): TypingWatch {
  const typing = signal<readonly TypingChange[]>([])
  const timers = new Map<number, ReturnType<typeof setTimeout>>()

  function clear(userId: number): void {
    clearTimeout(timers.get(userId))
    timers.delete(userId)
    if (typing.value.some((each) => each.userId === userId)) {
      typing.value = typing.value.filter((each) => each.userId !== userId)
    }
  }

  const undo = connection.on('typing:changed', (change) => {
    if (change.conversationId !== conversationId) return
    if (!change.typing) return clear(change.userId)
    const index = typing.value.findIndex(({ userId }) => userId === change.userId)
    typing.value = index < 0 ? [...typing.value, change] : typing.value.with(index, change)
    clearTimeout(timers.get(change.userId))
    timers.set(
      change.userId,
      setTimeout(() => clear(change.userId), limits.typingMs + 1_000),
    )
  })

  return {
    typing,
    clear,
    stop() {
      undo()
      for (const userId of [...timers.keys()]) clear(userId)
    },
  }
}

/** Says it again well before the others forget. */
const repeatMs = limits.typingMs / 2
/** A preview follows the keys, but no faster than this. */
const previewMs = 700

export interface TypingNotifier {
  /** The text as it stands after a key; empty says that typing has stopped. */
  changed(text: string): void
  stop(): void
}

/** `withPreview` sends the unsent text along (agents see a customer's). Nothing here is worth an error or a second try. */
export function notifyTyping(connection: Connection, conversationId: number, withPreview: boolean): TypingNotifier {
  let isTyping = false
  let notifiedAt = 0
  let text = ''
  let notifyTimer: ReturnType<typeof setTimeout> | undefined
  let idleTimer: ReturnType<typeof setTimeout> | undefined

  function notify(typing: boolean): void {
    clearTimeout(notifyTimer)
    notifyTimer = undefined
    isTyping = typing
    notifiedAt = Date.now()
    const preview = typing && withPreview ? { preview: text.slice(0, limits.typingPreviewLength).toWellFormed() } : {}
    connection.request('typing:set', { conversationId, typing, ...preview }).catch(() => undefined)
  }

  function stop(): void {
    clearTimeout(idleTimer)
    if (isTyping) notify(false)
  }

  return {
    stop,
    changed(value) {
      text = value
      if (value === '') return stop()
      clearTimeout(idleTimer)
      idleTimer = setTimeout(stop, limits.typingMs - 1_000)
      const due = notifiedAt + (withPreview ? previewMs : repeatMs) - Date.now()
      if (!isTyping || due <= 0) notify(true)
      else if (withPreview) notifyTimer ??= setTimeout(() => notify(true), due)
    },
  }
}
