// Typing indicators: those of others, which expire, and the current user's, which are throttled.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { TypingChange } from '#protocol/events.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { Connection } from '../connection/connection.ts'

export interface TypingWatch {
  /** Who is typing in the conversation, in the order they started. */
  typing: ReadonlySignal<readonly TypingChange[]>
  /** Their message has arrived. */
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

/** Repeat well before the indicator expires. */
const repeatMs = limits.typingMs / 2
/** Minimum time between two previews. */
const previewMs = 700

export interface TypingNotifier {
  /** The text after a key press; empty means that typing has stopped. */
  changed(text: string): void
  stop(): void
}

/**
 * `withPreview` sends the unsent text along (customers only; agents
 * see it). Errors are ignored: the next key press sends again.
 */
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
