// The network between a browser and Kefu under test control: pages always load, while sockets and a customer's session
// can be cut, and frames dropped.

import type { BrowserContext, Page, WebSocketRoute } from 'playwright-core'

export interface Network {
  /** Closes all sockets; new ones fail. */
  cut(): void
  mend(): void
  /** Drops every frame that contains one of these texts, from now on. */
  lose(way: 'toServer' | 'toBrowser', ...texts: string[]): void
  /** Stops dropping frames. */
  keep(): void
  /** The frames that browsers sent over sockets. */
  sent: string[]
}

const isSocket = /\/socket\.io\//
const isCall = /\/(socket\.io\/|widget\/session)/

/** The messages that browsers sent. */
export const sends = ({ sent }: Network) => sent.filter((frame) => frame.includes('"message:send"'))

/** Install it before pages are opened. A network of the page replaces that of its context. */
export async function layNetwork(place: BrowserContext | Page): Promise<Network> {
  const sockets = new Set<WebSocketRoute>()
  const lost = { toServer: [] as string[], toBrowser: [] as string[] }
  const sent: string[] = []
  let isCut = false

  const isLost = (way: keyof typeof lost, frame: string | Buffer) => lost[way].some((text) => frame.includes(text))

  await place.routeWebSocket(isSocket, (near) => {
    if (isCut) return void near.close()
    const far = near.connectToServer()
    sockets.add(near)
    near.onMessage((frame) => {
      if (isLost('toServer', frame)) return
      sent.push(String(frame))
      far.send(frame)
    })
    far.onMessage((frame) => {
      if (!isLost('toBrowser', frame)) near.send(frame)
    })
  })
  await place.route(isCall, (route) => (isCut ? route.abort('internetdisconnected') : route.continue()))

  return {
    sent,
    cut() {
      isCut = true
      for (const socket of sockets) void socket.close()
      sockets.clear()
    },
    mend() {
      isCut = false
    },
    lose(way, ...texts) {
      lost[way].push(...texts)
    },
    keep() {
      lost.toServer.length = lost.toBrowser.length = 0
    },
  }
}
