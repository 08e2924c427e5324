// One conversation as a screen needs it: its messages with those still on their way, the outbox that sends them, and who is typing.

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Conversation } from '#protocol/entities.ts'
import type { Connection } from '../connection/connection.ts'
import type { Storage } from '../storage/storage.ts'
import { type Self, type TimelineItem, timelineItems } from './items.ts'
import { type OpenTimeline, openTimeline } from './open-timeline.ts'
import { type Outbox, openOutbox } from './outbox.ts'
import { type TypingTeller, type TypingWatch, tellTyping, watchTyping } from './typing.ts'

export interface OpenConversation<C extends Conversation> extends OpenTimeline<C> {
  id: number
  items: ReadonlySignal<TimelineItem[]>
  outbox: Outbox
  typing: TypingWatch['typing']
  typingTeller: TypingTeller
}

export interface OpenConversationOptions<C extends Conversation> {
  connection: Connection
  storage: Storage
  conversationId: number
  self: Self
  /** The conversation as a list already has it, shown until the server answers. */
  known?: C
}

export function openConversation<C extends Conversation>(options: OpenConversationOptions<C>): OpenConversation<C> {
  const { connection, storage, conversationId, self, known } = options
  const open = openTimeline<C>(connection, conversationId, known)
  const outbox = openOutbox({
    storage,
    name: String(conversationId),
    async deliver({ clientMessageId, content }) {
      open.addMessage((await connection.request('message:send', { conversationId, clientMessageId, content })).message)
    },
  })
  const watch = watchTyping(connection, conversationId)
  const typingTeller = tellTyping(connection, conversationId, self.role === 'customer')
  const undo = [
    connection.state.subscribe(({ phase }) => {
      if (phase === 'online') outbox.wake()
    }),
    connection.on('message:created', (message) => {
      if (message.conversationId !== conversationId) return
      watch.clear(message.senderId)
      // Another tab may have sent what this one still holds.
      if (message.senderId === self.id) outbox.remove(message.clientMessageId)
    }),
  ]

  return {
    ...open,
    id: conversationId,
    items: computed(() => timelineItems(open.timeline.value, outbox.entries.value, self)),
    outbox,
    typing: watch.typing,
    typingTeller,
    close() {
      for (const each of undo) each()
      typingTeller.stop()
      watch.stop()
      outbox.stop()
      open.close()
    },
  }
}
