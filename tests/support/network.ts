// The network between a browser and Kefu as a test wants it: pages always load, while sockets and a customer's session
// can be cut, and frames lost.

import type { BrowserContext, Page, WebSocketRoute } from 'playwright-core'

export interface Network {
  /** Ends all sockets; new ones fail. */
  cut(): void
  mend(): void
  /** From now on frames that contain one of these texts are lost on the way. */
  lose(way: 'toServer' | 'toBrowser', ...texts: string[]): void
  /** No more frames are lost. */
  keep(): void
  /** What browsers sent over sockets, as it left. */
  sent: string[]
}

const isSocket = /\/socket\.io\//
const isCall = /\/(socket\.io\/|widget\/session)/

/** Of what browsers sent, the messages. */
export const sends = ({ sent }: Network) => sent.filter((frame) => frame.includes('"message:send"'))

/** Has to be laid before the pages are opened. A page's own network stands instead of its context's. */
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
