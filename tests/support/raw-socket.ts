// Misbehaving clients below Socket.IO: bare TCP, a WebSocket that need not read, handshakes by hand.

import { randomBytes } from 'node:crypto'
import { connect, type Socket as TcpSocket } from 'node:net'

export interface RawTcp {
  socket: TcpSocket
  /** Everything received, as Latin-1. */
  received(): string
  /** Resolves when the text has arrived. */
  until(text: string): Promise<void>
  /** Resolves when the server has closed the connection. */
  closed: Promise<void>
  isClosed(): boolean
}

const timeoutMs = 10_000

export function openTcp(url: string, localAddress?: string): RawTcp {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), ...(localAddress ? { localAddress } : {}) })
  let text = ''
  let hasClosed = false
  socket.on('error', () => {})
  socket.on('data', (data) => {
    text = (text + data.toString('latin1')).slice(-200_000)
  })
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      hasClosed = true
      resolve()
    }),
  )
  return {
    socket,
    received: () => text,
    closed,
    isClosed: () => hasClosed,
    until: (expected) =>
      new Promise((resolve, reject) => {
        const stop = (then: () => void) => {
          clearInterval(poll)
          clearTimeout(timer)
          then()
        }
        const poll = setInterval(() => text.includes(expected) && stop(resolve), 5)
        const timer = setTimeout(
          () => stop(() => reject(new Error(`no ${expected} in ${text.slice(-300)}`))),
          timeoutMs,
        )
      }),
  }
}

/** A client frame, masked with zeros, which leaves the payload unchanged. */
export function frame(opcode: number, payload: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(payload)
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 255]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), bytes])
}

export const textFrame = (text: string): Buffer => frame(1, text)
export const pingFrame = (): Buffer => frame(9, 'x'.repeat(125))

export const upgradeRequest = (url: string, headers: Record<string, string> = {}, query = ''): string =>
  [
    `GET /socket.io/?EIO=4&transport=websocket${query} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n')

/** A WebSocket with an engine.io session; connected, if a token is given. */
export async function openWebSocket(
  url: string,
  { token, localAddress, headers }: { token?: string; localAddress?: string; headers?: Record<string, string> } = {},
): Promise<RawTcp> {
  const tcp = openTcp(url, localAddress)
  tcp.socket.write(upgradeRequest(url, headers))
  await tcp.until('0{"sid"')
  if (token === undefined) return tcp
  tcp.socket.write(textFrame(`40${JSON.stringify({ token })}`))
  await tcp.until('40{"sid"')
  return tcp
}

export interface PollingSession {
  sid: string
  get(headers?: Record<string, string>): Promise<Response>
  post(body: string, headers?: Record<string, string>): Promise<Response>
  /** Polls until the text has arrived. */
  until(text: string, headers?: Record<string, string>): Promise<void>
}

/** An engine.io session by polling; connected, if a token is given. */
export async function openPolling(
  url: string,
  { token, headers = {} }: { token?: string; headers?: Record<string, string> } = {},
): Promise<PollingSession> {
  const path = `${url}/socket.io/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await (await fetch(path, { headers })).text()).slice(1)) as { sid: string }
  const session: PollingSession = {
    sid,
    get: (more = {}) => fetch(`${path}&sid=${sid}`, { headers: { ...headers, ...more } }),
    post: (body, more = {}) =>
      fetch(`${path}&sid=${sid}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'text/plain;charset=UTF-8', ...headers, ...more },
      }),
    async until(text, more) {
      for (let body = ''; !body.includes(text); ) {
        const response = await session.get(more)
        body = await response.text()
        if (response.status !== 200) throw new Error(`${response.status} instead of ${text}: ${body}`)
      }
    },
  }
  if (token === undefined) return session
  await session.post(`40${JSON.stringify({ token })}`)
  const answer = await (await session.get()).text()
  if (!answer.startsWith('40{"sid"')) throw new Error(`not connected: ${answer}`)
  return session
}
