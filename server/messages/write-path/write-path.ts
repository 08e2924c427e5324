// Assembles the write path: the two writers, the message store, and the cache that the optimistic store starts from.
// README.md lists the steps of a message in order.

import { onOtherServer } from '#db/core/server-watch.ts'
import type { Epoch } from '../../conversation-state/epoch.ts'
import type { OnCommit } from '../../conversation-state/update-conversations.ts'
import { createConversationCache } from './conversation-cache.ts'
import { createDatabaseClock, type DatabaseClock } from './database-clock.ts'
import { lockedStore } from './locked-store.ts'
import type { MessageStore } from './message-store.ts'
import { createMessageWriter, type MessageWriter } from './message-writer.ts'
import { optimisticStore } from './optimistic-store.ts'
import type { PublishMessagesDeps } from './publish-messages.ts'
import { createReceiptWriter, type ReceiptWriter } from './receipt-writer.ts'

export interface WritePath {
  messageWriter: MessageWriter
  receiptWriter: ReceiptWriter
  onCommit: OnCommit
}

export interface WritePathOptions {
  /** False writes every message under row locks. */
  optimisticAppend: boolean
  clock?: DatabaseClock
}

interface Deps extends PublishMessagesDeps {
  epoch: Epoch
}

export function createWritePath(
  app: Deps,
  { optimisticAppend, clock = createDatabaseClock() }: WritePathOptions,
): WritePath {
  const cache = createConversationCache()
  const onCommit: OnCommit = (conversations) => {
    for (const { before } of conversations) clock.addSample(before)
    cache.put(conversations)
  }
  onOtherServer(app.db, cache.clear)
  app.epoch.onChange(cache.clear)
  let store: MessageStore = lockedStore({ db: app.db, onCommit })
  if (optimisticAppend) store = optimisticStore(app, store, cache, clock)
  return {
    messageWriter: createMessageWriter(app, store),
    receiptWriter: createReceiptWriter({ ...app, onCommit }),
    onCommit,
  }
}
