// Spreads connections over the nodes again after a restart has left them on some. The node with a surplus asks idle
// connections to reconnect, a few at a time; the balancer sends them to the node with fewest.

import type { LiveNode } from '#db/queries/nodes.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../context.ts'
import type { Connection } from './connection.ts'
import type { ConnectionRegistry } from './connection-registry.ts'
import { closeConnection } from './publish.ts'

/** How many connections this node has above its share. Small differences are none. */
export function surplusOf(nodes: readonly Pick<LiveNode, 'id' | 'connections'>[], id: string, count: number): number {
  const others = nodes.filter((node) => node.id !== id)
  if (others.length === 0) return 0
  const total = others.reduce((sum, { connections }) => sum + connections, count)
  const share = total / (others.length + 1)
  const surplus = Math.floor(count - share)
  return surplus > Math.max(serverLimits.rebalanceSlack, share * serverLimits.rebalanceSlackShare) ? surplus : 0
}

/** Not while a request is in progress or was just made. Polling stays on its node by a cookie. */
function mayMove({ socket, queue, isBacklogged, lastRequestAt }: Connection): boolean {
  return (
    queue.size() === 0 &&
    !isBacklogged &&
    performance.now() - lastRequestAt > serverLimits.rebalanceIdleMs &&
    socket.conn.transport.name === 'websocket'
  )
}

export function startRebalancing(app: Pick<App, 'lease' | 'log'>, connections: ConnectionRegistry): { stop(): void } {
  const leaving = new Set<NodeJS.Timeout>()
  let before = { count: 0, asked: 0 }
  let fruitlessRounds = 0
  let pausedUntil = 0

  function askToReconnect(connection: Connection) {
    const timer = setTimeout(() => {
      leaving.delete(timer)
      if (connections.has(connection) && mayMove(connection)) closeConnection(connection.socket, 'rebalance')
    }, Math.random() * serverLimits.rebalanceMs)
    leaving.add(timer)
  }

  const round = setInterval(() => {
    const count = connections.count()
    fruitlessRounds = before.asked > 0 && count >= before.count ? fruitlessRounds + 1 : 0
    before = { count, asked: 0 }
    if (fruitlessRounds >= serverLimits.rebalanceFruitlessRounds) {
      // They come back to this node: the balancer does not spread them, or there is none.
      fruitlessRounds = 0
      pausedUntil = performance.now() + serverLimits.rebalancePauseMs
      app.log.warn('connections return to this node, rebalancing paused')
    }
    if (performance.now() < pausedUntil) return
    const surplus = surplusOf(app.lease.nodes(), app.lease.id, count)
    if (surplus === 0) return
    const asked = Math.min(Math.ceil(surplus / 2), serverLimits.rebalanceConnections)
    const chosen = connections.all().filter(mayMove).slice(0, asked)
    for (const connection of chosen) askToReconnect(connection)
    before.asked = chosen.length
    if (chosen.length > 0) app.log.info({ connections: count, asked: chosen.length }, 'rebalancing connections')
  }, serverLimits.rebalanceMs)

  return {
    stop() {
      clearInterval(round)
      for (const timer of leaving) clearTimeout(timer)
    },
  }
}
