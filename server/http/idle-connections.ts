// Bounds the connections that serve no request, per address and in total. Closing an idle connection harms nobody: a
// client sends its next request over another one.

import type { Socket } from 'node:net'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import { peerAddress } from '../shared/client-address.ts'

export interface IdleConnections {
  /** The connection has opened, or has served its requests. */
  add(socket: Socket): void
  /** It serves a request, has become a WebSocket, or has closed. */
  remove(socket: Socket): void
}

export function createIdleConnections({ config }: Pick<App, 'config'>): IdleConnections {
  /** Longest idle first. */
  const all = new Set<Socket>()
  const byAddress = new Map<string, Set<Socket>>()
  const groups = new WeakMap<Socket, string | null>()

  /** Null for proxies, which hold the connections of many. */
  function groupOf(socket: Socket): string | null {
    const cached = groups.get(socket)
    if (cached !== undefined) return cached
    const group = peerAddress(config, socket)?.group ?? null
    groups.set(socket, group)
    return group
  }

  function closeExcess(sockets: Set<Socket>, most: number) {
    const [oldest] = sockets
    if (!config.rateLimits || sockets.size <= most || oldest === undefined) return
    remove(oldest)
    oldest.destroy()
  }

  function remove(socket: Socket) {
    all.delete(socket)
    const group = groupOf(socket)
    const siblings = group === null ? undefined : byAddress.get(group)
    if (siblings === undefined || group === null) return
    siblings.delete(socket)
    if (siblings.size === 0) byAddress.delete(group)
  }

  return {
    add(socket) {
      if (socket.destroyed) return
      all.add(socket)
      closeExcess(all, budgets.idleConnections.concurrent)
      const group = groupOf(socket)
      if (group === null) return
      const siblings = byAddress.get(group) ?? new Set()
      byAddress.set(group, siblings.add(socket))
      closeExcess(siblings, budgets.idleConnectionsPerAddress.concurrent * config.addressLimits)
    },
    remove,
  }
}
