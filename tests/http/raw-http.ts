// HTTP by hand over a TCP connection: requests that client libraries never send, and responses that nobody reads.

import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RawReply {
  status: number
  headers: Record<string, string>
  body: string
}

export interface RawConnection {
  socket: Socket
  send(text: string): void
  /** Everything received so far. */
  received(): string
  /** The number of responses that have started. */
  answers(): number
  closed: Promise<void>
}

/** Closed when the test ends. */
export function openRaw(url: string, { reads = true } = {}): RawConnection {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let received = ''
  if (reads) {
    socket.setEncoding('latin1').on('data', (part) => {
      received += part
    })
  }
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  onTestFinished(() => void socket.destroy())
  return {
    socket,
    send: (text) => void socket.write(text),
    received: () => received,
    answers: () => received.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0,
    closed,
  }
}

/** Sends on a new connection and returns the first response; its status is NaN if there is none. */
export async function sendRaw(url: string, text: string): Promise<RawReply> {
  const { send, received, closed, socket } = openRaw(url)
  socket.setTimeout(10_000, () => socket.destroy())
  send(text)
  /** Without 100 Continue, which is not a final response. */
  const answered = () => received().replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
  const isWhole = () => {
    const [head, ...rest] = answered().split('\r\n\r\n')
    if (rest.length > 0 && /^HTTP\/1\.1 (204|304) /.test(head ?? '')) return true
    if (/transfer-encoding: chunked/i.test(head ?? '')) return received().endsWith('\r\n0\r\n\r\n')
    const length = /content-length: (\d+)/i.exec(head ?? '')?.[1]
    return length !== undefined && rest.join('\r\n\r\n').length >= Number(length)
  }
  await Promise.race([closed, new Promise<void>((resolve) => socket.on('data', () => isWhole() && resolve()))])
  socket.destroy()
  const [head = '', ...rest] = answered().split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') }
}

export const get = (target: string, ...headers: string[]) =>
  `GET ${target} HTTP/1.1\r\n${['Host: kefu.example', ...headers].join('\r\n')}\r\n\r\n`
