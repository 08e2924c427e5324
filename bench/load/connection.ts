// One connection of a load client: Socket.IO over a WebSocket by hand, the same for Kefu and for the bare relay.

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { createFrameReader, textFrame } from './frames.ts'

export interface Handshake {
  auth: unknown
  /** Asked one after another once connected; each must be answered ok. */
  requests: readonly [name: string, payload: unknown][]
}

/** What it is told of. A number is a request's, as given to send. */
export interface Listener {
  acknowledged(request: number, isOk: boolean): void
  /** An event's packet; the bytes are good only during the call. */
  event(bytes: Buffer, from: number, to: number): void
  ended(reason: string): void
}

export interface LoadConnection {
  /** Sends a request without waiting. What is sent in one turn of the event loop goes out together. */
  send(request: number, name: string, payloadJson: string): void
  /** Resolves with the answer. */
  request(name: string, payload: unknown): Promise<unknown>
  close(): void
}

const packet = { open: 0x30, ping: 0x32, message: 0x34 } as const
const kind = { connect: 0x30, event: 0x32, ack: 0x33 } as const
const pong = textFrame('3')
/** Numbers of requests whose answers are wanted; those of `send` are below. */
const firstAsked = 2 ** 40

/** About what a browser sends along, so that the memory a server keeps of it is a browser's. */
const headers = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Pragma: no-cache',
  'Cache-Control: no-cache',
  'User-Agent: Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-US,en;q=0.9,zh-CN;q=0.8,zh;q=0.7',
].join('\r\n')

/** What comes in is read into one buffer, as it is used up within the call; a buffer for each read costs more than all else of a message. */
const buffer = Buffer.allocUnsafe(64 * 1024)

/** Sockets with something to send when the turn ends. */
let corked: Socket[] = []

function uncorkAll() {
  const sockets = corked
  corked = []
  for (const socket of sockets) socket.uncork()
}

/** Resolves when connected and all requests are answered. */
export async function openConnection(url: URL, handshake: Handshake, listener: Listener): Promise<LoadConnection> {
  let take = (_chunk: Buffer) => {}
  const callback = (length: number) => {
    take(buffer.subarray(0, length))
    return true
  }
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread: { buffer, callback } })
  const asked = new Map<number, (answer: unknown) => void>()
  const welcome = Promise.withResolvers<void>()
  let lastAsked = firstAsked

  const read = createFrameReader(
    (bytes, from, to) => {
      const type = bytes[from]
      if (type === packet.message) handlePacket(bytes, from + 1, to)
      else if (type === packet.ping) socket.write(pong)
      else if (type === packet.open) socket.write(textFrame(`40${JSON.stringify(handshake.auth)}`))
    },
    // It waits for an answer, or for the end.
    () => socket.destroy(),
  )

  function handlePacket(bytes: Buffer, from: number, to: number) {
    const type = bytes[from]
    if (type === kind.event) listener.event(bytes, from + 1, to)
    else if (type === kind.ack) handleAck(bytes, from + 1, to)
    else if (type === kind.connect) welcome.resolve()
    else {
      close()
      welcome.reject(new Error(`not let in: ${bytes.toString('latin1', from, to)}`))
    }
  }

  function handleAck(bytes: Buffer, from: number, to: number) {
    let at = from
    let request = 0
    for (; bytes[at] !== 0x5b; at++) request = request * 10 + (bytes[at] as number) - 0x30
    const waiting = request > firstAsked ? asked.get(request) : undefined
    if (waiting === undefined) return listener.acknowledged(request, isOk(bytes, at))
    asked.delete(request)
    waiting(JSON.parse(bytes.toString('utf8', at, to))[0])
  }

  /** Of our own will: nobody is told. */
  function close() {
    socket.removeAllListeners('close')
    socket.destroy()
  }

  function fail(error: Error) {
    welcome.reject(error)
    socket.destroy()
    listener.ended(error.message)
  }

  await new Promise<void>((resolve, reject) => {
    const ended = (error?: Error) => reject(error ?? new Error('closed before the upgrade'))
    socket.once('error', ended).once('close', ended)
    requestUpgrade(socket, url)
    take = (chunk) => {
      const head = chunk.indexOf('\r\n\r\n')
      if (!chunk.toString('latin1', 0, 12).endsWith(' 101') || head < 0)
        return reject(new Error(chunk.toString('latin1', 0, 200)))
      socket.off('error', ended).off('close', ended)
      take = read
      read(chunk.subarray(head + 4))
      resolve()
    }
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed a connection')))
  await welcome.promise

  const connection: LoadConnection = {
    send(request, name, payloadJson) {
      if (socket.writableCorked === 0) {
        socket.cork()
        if (corked.push(socket) === 1) setImmediate(uncorkAll)
      }
      socket.write(textFrame(`42${request}["${name}",${payloadJson}]`))
    },
    request(name, payload) {
      lastAsked += 1
      const answer = Promise.withResolvers<unknown>()
      asked.set(lastAsked, answer.resolve)
      socket.write(textFrame(`42${lastAsked}${JSON.stringify([name, payload])}`))
      return answer.promise
    },
    close,
  }
  try {
    for (const [name, payload] of handshake.requests) await assertOk(name, connection.request(name, payload))
  } catch (error) {
    close()
    throw error
  }
  return connection
}

const ok = Buffer.from('[{"ok":true')
const isOk = (bytes: Buffer, at: number) => bytes.compare(ok, 0, ok.length, at, at + ok.length) === 0

async function assertOk(name: string, answer: Promise<unknown>): Promise<void> {
  const reply = (await answer) as { ok: boolean; error?: unknown }
  if (!reply.ok) throw new Error(`${name}: ${JSON.stringify(reply.error)}`)
}

function requestUpgrade(socket: Socket, url: URL): void {
  socket.write(
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${url.host}\r\nOrigin: ${url.origin}\r\n` +
      `${headers}\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
}
