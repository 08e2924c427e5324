// A WebSocket client on a plain TCP socket that can stop reading, so that the server has to buffer.

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

export interface RawReader {
  /** Stops reading. */
  stall(): void
  close(): void
}

/** Resolves when the conversation is open. */
export async function openRawReader(url: string, token: string, conversationId: number): Promise<RawReader> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => undefined)
  let received = ''
  socket.on('data', (piece) => {
    received = (received + piece.toString('latin1')).slice(-100_000)
  })
  const waitFor = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!received.includes(text)) return
        clearTimeout(timer)
        socket.off('data', check)
        resolve()
      }
      const timer = setTimeout(() => reject(new Error(`The raw reader did not receive ${text}.`)), 10_000)
      socket.on('data', check)
      check()
    })

  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  )
  await waitFor('0{"sid"')
  socket.write(textFrame(`40${JSON.stringify({ token })}`))
  await waitFor('40{"sid"')
  socket.write(textFrame(`420${JSON.stringify(['conversation:open', { conversationId, limit: 1 }])}`))
  await waitFor('430[{"ok":true')
  return {
    stall: () => void socket.pause(),
    close: () => void socket.destroy(),
  }
}

/** Clients must mask frames. A mask of zeros leaves the text unchanged. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255]
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), payload])
}
