// A WebSocket over a bare TCP socket that speaks engine.io and Socket.IO by hand. It can send any frame and stop
// reading.

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Budget, Target } from '../attack.ts'
import { closed, openTcp, repeatedly, write } from './raw-socket.ts'

export interface Reply {
  ok: boolean
  data?: unknown
  error?: { code: string }
}

export interface RawWebSocket {
  socket: Socket
  isOpen(): boolean
  closed: Promise<void>
  /** Resolves when the connection is writable. */
  write(frames: Buffer): Promise<void>
  /** Resolves with the reply, or null when the connection ends. */
  request(name: string, payload: unknown): Promise<Reply | null>
  /** Collects text frames from here on. */
  onText: ((text: string) => void) | null
  /** Stops reading and sends heartbeats without waiting for pings, as in S1. */
  stopReading(): void
  end(): void
}

const opcodes = { continuation: 0, text: 1, binary: 2, ping: 9, pong: 10 } as const

/** Masked as a client must, with zeros, so the bytes stay the same. */
export function frame(kind: keyof typeof opcodes, content: string | Buffer = '', isLast = true): Buffer {
  const payload = Buffer.from(content as string)
  const head = Buffer.alloc(payload.length < 126 ? 6 : payload.length < 65_536 ? 8 : 14)
  head[0] = (isLast ? 0x80 : 0) | opcodes[kind]
  if (payload.length < 126) head[1] = 0x80 | payload.length
  else if (payload.length < 65_536) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(payload.length, 2)
  } else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(payload.length), 2)
  }
  return Buffer.concat([head, payload])
}

export const times = (count: number, part: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => part))

export const upgradeRequest = (
  { host, port }: Pick<Target, 'host' | 'port'>,
  query = 'EIO=4&transport=websocket',
  forwardedFor?: string,
) =>
  `GET /socket.io/?${query} HTTP/1.1\r\nHost: ${host}:${port}\r\n` +
  (forwardedFor === undefined ? '' : `X-Forwarded-For: ${forwardedFor}\r\n`) +
  `Upgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`

/** Resolves when the session exists, or with a token when connected; rejects when the server refuses or ends it. */
export async function openWebSocket(
  target: Target,
  { from, token, forwardedFor }: { from?: string; token?: string; forwardedFor?: string } = {},
): Promise<RawWebSocket> {
  const socket = await openTcp(target, from ?? (forwardedFor === undefined ? target.address() : target.proxyAddress))
  const waiting = new Map<number, (reply: Reply | null) => void>()
  let nextAck = 0
  let step: { what: string; resolve(): void; reject(error: Error): void } | null = null
  let heartbeat: NodeJS.Timeout | undefined

  const isOpen = () => !socket.destroyed && socket.writable
  const whenClosed = closed(socket)
  void whenClosed.then(() => {
    clearInterval(heartbeat)
    step?.reject(new Error('the server closed the connection'))
    for (const settle of waiting.values()) settle(null)
    waiting.clear()
  })

  function until(what: string) {
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`not ${what}`))
        socket.destroy()
      }, 10_000)
      const settled = (done: () => void) => {
        clearTimeout(timer)
        step = null
        done()
      }
      step = { what, resolve: () => settled(resolve), reject: (error) => settled(() => reject(error)) }
      if (socket.destroyed) step.reject(new Error('the server closed the connection'))
    })
  }

  function receive(text: string) {
    if (step && text.startsWith(step.what)) step.resolve()
    else if (text.startsWith('44')) step?.reject(new Error(text))
    if (text === '2') socket.write(frame('text', '3'))
    const answer = text.startsWith('43') ? /^43(\d+)(\[.*)$/s.exec(text) : null
    if (answer) {
      const settle = waiting.get(Number(answer[1]))
      waiting.delete(Number(answer[1]))
      settle?.((JSON.parse(answer[2] as string) as [Reply])[0])
    }
    raw.onText?.(text)
  }

  const raw: RawWebSocket = {
    socket,
    isOpen,
    closed: whenClosed,
    onText: null,
    write: (frames) => write(socket, frames),
    request(name, payload) {
      if (!isOpen()) return Promise.resolve(null)
      const ack = nextAck++
      return new Promise((resolve) => {
        waiting.set(ack, resolve)
        socket.write(frame('text', `42${ack}${JSON.stringify([name, payload])}`))
      })
    },
    stopReading() {
      socket.pause()
      heartbeat = setInterval(() => socket.write(frame('text', '3')), 5_000)
    },
    end: () => void socket.destroy(),
  }

  const upgraded = until('HTTP/1.1 101')
  socket.write(upgradeRequest(target, undefined, forwardedFor))
  let head: Buffer | null = Buffer.alloc(0) as Buffer
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (piece: Buffer) => {
    if (head !== null) {
      head = Buffer.concat([head, piece])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const answer = head.toString('latin1', 0, end)
      rest = head.subarray(end + 4)
      head = null
      if (answer.startsWith('HTTP/1.1 101')) step?.resolve()
      else step?.reject(new Error(answer.slice(0, 12)))
    } else rest = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    rest = readFrames(rest, receive)
  })
  try {
    await upgraded
    if (token !== undefined) {
      const connected = until('40{')
      socket.write(frame('text', `40${JSON.stringify({ token })}`))
      await connected
    }
    return raw
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Opens connections and keeps them while the server does. `open` is the largest number at the same time. */
export async function keepOpen(
  target: Target,
  traffic: Budget,
  count: number,
  { tokens = [], from = () => target.address() }: { tokens?: readonly string[]; from?: (index: number) => string },
): Promise<void> {
  let open = 0
  await repeatedly(traffic, count, async (index) => {
    traffic.count('connections')
    const token = tokens[index % tokens.length]
    const raw = await openWebSocket(target, { from: from(index), ...(token === undefined ? {} : { token }) }).catch(
      async (error: unknown) => {
        traffic.count('refusals')
        await sleep(200)
        throw error
      },
    )
    // A handshake over the budget may get a reply before the connection is closed.
    if (token === undefined) await Promise.race([raw.closed, sleep(100)])
    if (!raw.isOpen()) return
    open += 1
    traffic.peak('open', open)
    await Promise.race([raw.closed, traffic.over])
    open -= 1
    if (!traffic.isOver()) traffic.count('cuts')
    raw.end()
  })
}

/** Passes on each complete text frame and returns the rest. */
function readFrames(bytes: Buffer, onText: (text: string) => void): Buffer {
  let at = 0
  for (;;) {
    if (bytes.length - at < 2) break
    const short = (bytes[at + 1] as number) & 127
    const size = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length - at < size) break
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (bytes.length - at < size + length) break
    if (((bytes[at] as number) & 15) === opcodes.text) onText(bytes.toString('utf8', at + size, at + size + length))
    at += size + length
  }
  return at === 0 ? bytes : bytes.subarray(at)
}
