// Broadcasts the heads of subscribed conversations periodically, so that a client notices that it missed an event.
// Begins a new epoch if the database is behind what this node has published.

import { selectHeads } from '#db/queries/conversations.ts'
import type { ConversationHead } from '#protocol/events.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import { conversationList } from '../../conversation-state/publish-conversation.ts'
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
  await app.epoch.check()
  const subscriptions = connections.all().map(({ socket }) => ({
    socket,
    ids: [...socket.rooms].map(conversationOf).filter((id) => id !== undefined),
  }))
  const allIds = [...new Set(subscriptions.flatMap(({ ids }) => ids))]
  const heads = new Map<number, ConversationHead>()
  for (let from = 0; from < allIds.length; from += serverLimits.headsRows) {
    const ids = allIds.slice(from, from + serverLimits.headsRows)
    const published = new Map(ids.map((id) => [id, app.publishedVersions.get(conversationList, id)]))
    const rows = await selectHeads(app.db, ids)
    for (const head of rows) heads.set(head.conversationId, head)
    // What was published before this read was committed before it.
    if (rows.some(({ conversationId, version }) => version < (published.get(conversationId) ?? 0))) {
      await app.epoch.renew()
    }
  }
  for (const { socket, ids } of subscriptions) {
    const subscribed = ids.map((id) => heads.get(id)).filter((head) => head !== undefined)
    if (subscribed.length > 0) publishHeads(socket, subscribed)
  }
}
