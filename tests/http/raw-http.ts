// HTTP by hand over a TCP connection: what clients' libraries would never send, and answers that nobody reads.

import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

export interface RawConnection {
  socket: Socket
  send(text: string): void
  /** All that came so far. */
  received(): string
  /** How many answers have begun to come. */
  answers(): number
  closed: Promise<void>
}

/** Ended with the test. */
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

/** The first answer to what is sent on a connection of its own. */
export async function speak(url: string, text: string): Promise<RawAnswer> {
  const { send, received, closed, socket } = openRaw(url)
  send(text)
  const isWhole = () => {
    const [head, ...rest] = received().split('\r\n\r\n')
    const length = /content-length: (\d+)/i.exec(head ?? '')?.[1]
    return length !== undefined && rest.join('\r\n\r\n').length >= Number(length)
  }
  await Promise.race([closed, new Promise<void>((resolve) => socket.on('data', () => isWhole() && resolve()))])
  socket.destroy()
  const [head = '', ...rest] = received().split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') }
}

export const get = (target: string, ...headers: string[]) =>
  `GET ${target} HTTP/1.1\r\n${['Host: kefu.example', ...headers].join('\r\n')}\r\n\r\n`
