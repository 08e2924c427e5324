// Silence is not trusted: subscribed clients are told the newest seq and version of their conversations on a timer of ours, so that one
// who missed an event notices with no further traffic.

import { selectHeads } from '#db/queries/conversations.ts'
import type { ConversationHead } from '#protocol/events.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import type { ConnectionRegistry } from '../connection-registry.ts'
import { publishHeads } from '../publish.ts'
import { conversationOf } from '../rooms.ts'

export function startHeads(app: App, connections: ConnectionRegistry): { stop(): void } {
  const timer = setInterval(() => {
    tellHeads(app, connections).catch((error: unknown) => app.log.warn({ err: error }, 'could not tell heads'))
  }, serverLimits.headsMs)
  return { stop: () => clearInterval(timer) }
}

async function tellHeads(app: App, connections: ConnectionRegistry): Promise<void> {
  const subscribed = connections.all().map(({ socket }) => ({
    socket,
    ids: [...socket.rooms].map(conversationOf).filter((id) => id !== undefined),
  }))
  const wanted = [...new Set(subscribed.flatMap(({ ids }) => ids))]
  const heads = new Map<number, ConversationHead>()
  for (let from = 0; from < wanted.length; from += serverLimits.headsRows) {
    const rows = await selectHeads(app.db, wanted.slice(from, from + serverLimits.headsRows))
    for (const head of rows) heads.set(head.conversationId, head)
  }
  for (const { socket, ids } of subscribed) {
    const own = ids.map((id) => heads.get(id)).filter((head) => head !== undefined)
    if (own.length > 0) publishHeads(socket, own)
  }
}
