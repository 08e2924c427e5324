// The network between a browser and Kefu under test control: pages always load, while sockets and a customer's session
// can be cut, and frames dropped.

import type { BrowserContext, Page, WebSocketRoute } from 'playwright-core'

export interface Network {
  /** Closes all sockets; new ones fail. */
  cut(): void
  restore(): void
  /** Drops every frame that contains one of these texts, from now on. */
  drop(direction: 'toServer' | 'toBrowser', ...texts: string[]): void
  /** Stops dropping frames. */
  dropNothing(): void
  /** The frames that browsers sent over sockets. */
  sent: string[]
}

const isSocket = /\/socket\.io\//
const isCall = /\/(socket\.io\/|widget\/session)/

/** The messages that browsers sent. */
export const sentMessages = ({ sent }: Network) => sent.filter((frame) => frame.includes('"message:send"'))

/** Install it before pages are opened. A network of the page replaces that of its context. */
export async function installNetwork(target: BrowserContext | Page): Promise<Network> {
  const sockets = new Set<WebSocketRoute>()
  const dropped = { toServer: [] as string[], toBrowser: [] as string[] }
  const sent: string[] = []
  let isCut = false

  const isDropped = (direction: keyof typeof dropped, frame: string | Buffer) =>
    dropped[direction].some((text) => frame.includes(text))

  await target.routeWebSocket(isSocket, (near) => {
    if (isCut) return void near.close()
    const far = near.connectToServer()
    sockets.add(near)
    near.onMessage((frame) => {
      if (isDropped('toServer', frame)) return
      sent.push(String(frame))
      far.send(frame)
    })
    far.onMessage((frame) => {
      if (!isDropped('toBrowser', frame)) near.send(frame)
    })
  })
  await target.route(isCall, (route) => (isCut ? route.abort('internetdisconnected') : route.continue()))

  return {
    sent,
    cut() {
      isCut = true
      for (const socket of sockets) void socket.close()
      sockets.clear()
    },
    restore() {
      isCut = false
    },
    drop(direction, ...texts) {
      dropped[direction].push(...texts)
    },
    dropNothing() {
      dropped.toServer.length = dropped.toBrowser.length = 0
    },
  }
}
