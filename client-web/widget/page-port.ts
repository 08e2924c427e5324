// The frame's end of the channel to the embedding page. Only the parent window may open it; the
// origin is checked once the site is loaded. Until then the frame sends nothing but "ready".

import { type FromFrame, type FromPage, hello, isFromPage } from '../loader/frame-protocol.ts'

export interface PagePort {
  /** Origin of the embedding page. */
  origin: string
  send(message: FromFrame): void
  close(): void
}

/** Calls `onConnect` for each hello; a later one replaces the channel. */
export function listenForPage(onConnect: (port: PagePort) => void, onMessage: (message: FromPage) => void): void {
  let current: MessagePort | undefined
  addEventListener('message', ({ data, source, origin, ports: [port] }) => {
    if (data !== hello || source !== window.parent || source === window || !port) return
    current?.close()
    current = port
    port.onmessage = ({ data }) => {
      if (isFromPage(data)) onMessage(data)
    }
    onConnect({ origin, send: (message) => port.postMessage(message), close: () => port.close() })
  })
}
