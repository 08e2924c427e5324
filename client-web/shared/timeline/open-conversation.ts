// One conversation as a screen shows it: messages, unsent entries, and who is typing.

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Conversation } from '#protocol/entities.ts'
import type { Connection } from '../connection/connection.ts'
import { type Self, type TimelineItem, timelineItems } from './items.ts'
import { type OpenTimeline, openTimeline } from './open-timeline.ts'
import type { Outbox } from './outbox.ts'
import type { OutgoingAttachment } from './outbox-store.ts'
import { notifyTyping, type TypingNotifier, type TypingWatch, watchTyping } from './typing.ts'

export interface OpenConversation<C extends Conversation> extends OpenTimeline<C> {
  id: number
  items: ReadonlySignal<TimelineItem[]>
  /** Resolves once the message is stored. */
  send(content: string, attachment?: OutgoingAttachment): Promise<void>
  typing: TypingWatch['typing']
  typingNotifier: TypingNotifier
}

export interface OpenConversationOptions<C extends Conversation> {
  connection: Connection
  outbox: Outbox
  conversationId: number
  self: Self
  /** The conversation from a list, shown until the server replies. */
  initial?: C
}

export function openConversation<C extends Conversation>(options: OpenConversationOptions<C>): OpenConversation<C> {
  const { connection, outbox, conversationId, self, initial } = options
  const timeline = openTimeline<C>({
    connection,
    conversationId,
    selfId: self.id,
    initial,
    onLost: (messages) => void outbox.restore(messages),
  })
  const watch = watchTyping(connection, conversationId)
  const typingNotifier = notifyTyping(connection, conversationId, self.role === 'customer')
  const undo = [
    outbox.sent.subscribe((message) => message && timeline.addMessage(message)),
    connection.on('message:created', (message) => {
      if (message.conversationId === conversationId) watch.clear(message.senderId)
    }),
  ]

  return {
    ...timeline,
    id: conversationId,
    items: computed(() => {
      const own = outbox.entries.value.filter((entry) => (entry.conversationId ?? conversationId) === conversationId)
      return timelineItems(timeline.timeline.value, own, self)
    }),
    send: (content, attachment) => outbox.add(conversationId, content, attachment),
    typing: watch.typing,
    typingNotifier,
    close() {
      for (const each of undo) each()
      typingNotifier.stop()
      watch.stop()
      timeline.close()
    },
  }
}
