// The frame's end of the channel to the page that embeds it. The first message counts only from the parent window; who the parent may be
// is decided once the site is known. Until then nothing but "the frame is here" goes out.

import { type FromFrame, type FromPage, hello, isFromPage } from '../loader/frame-protocol.ts'

export interface PagePort {
  /** Origin of the page at the other end. */
  origin: string
  send(message: FromFrame): void
  close(): void
}

/** Calls `met` for each page that greets; a later greeting replaces the one before. */
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
