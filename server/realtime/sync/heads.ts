// Broadcasts the heads of subscribed conversations periodically, so that a client notices that it missed an event.

import { selectHeads } from '#db/queries/conversations.ts'
import type { ConversationHead } from '#protocol/events.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import type { ConnectionRegistry } from '../connection-registry.ts'
import { publishHeads } from '../publish.ts'
import { conversationOf } from '../rooms.ts'

export function startHeads(app: App, connections: ConnectionRegistry): { stop(): void } {
  const timer = setInterval(() => {
    broadcastHeads(app, connections).catch((error: unknown) => {
      app.log.warn({ err: error }, 'failed to broadcast heads')
    })
  }, serverLimits.headsMs)
  return { stop: () => clearInterval(timer) }
}

async function broadcastHeads(app: App, connections: ConnectionRegistry): Promise<void> {
  const subscriptions = connections.all().map(({ socket }) => ({
    socket,
    ids: [...socket.rooms].map(conversationOf).filter((id) => id !== undefined),
  }))
  const allIds = [...new Set(subscriptions.flatMap(({ ids }) => ids))]
  const heads = new Map<number, ConversationHead>()
  for (let from = 0; from < allIds.length; from += serverLimits.headsRows) {
    const rows = await selectHeads(app.db, allIds.slice(from, from + serverLimits.headsRows))
    for (const head of rows) heads.set(head.conversationId, head)
  }
  for (const { socket, ids } of subscriptions) {
    const subscribed = ids.map((id) => heads.get(id)).filter((head) => head !== undefined)
    if (subscribed.length > 0) publishHeads(socket, subscribed)
  }
}
