// Sticky sessions: an engine.io session lives in one worker, but its polling requests may reach any. The session id
// names its worker, and other workers proxy the request to that worker's private socket. Connections that start as
// WebSocket need no proxy.

import { type IncomingMessage, type Server as NodeServer, request as open, type ServerResponse } from 'node:http'
import { connect, type Socket as TcpSocket } from 'node:net'
import type { Server } from 'socket.io'
import type { Config } from '../../process/config.ts'
import { clientAddress, proxiedAddressHeader, trustAddressHeader } from '../../shared/client-address.ts'
import type { WorkerIpc } from './worker-ipc.ts'

/** Call after the server is attached and before the first connection. */
export function enableStickySessions(
  config: Config,
  { engine }: Server,
  server: NodeServer,
  { id, socketOf }: Pick<WorkerIpc, 'id' | 'socketOf'>,
): void {
  server.on('connection', (socket: TcpSocket) => {
    // Only other workers of this machine reach the private socket.
    if (isPipe(socket)) trustAddressHeader(socket)
  })
  const randomId = engine.generateId.bind(engine)
  engine.generateId = async (request: IncomingMessage) => `${id}.${await randomId(request)}`
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const owner = ownerOf(request.url ?? '')
    if (owner === null || owner === id) return next()
    // Overwrites the header, so that budgets there count for the client's real address.
    const headers = [...without(request.rawHeaders, proxiedAddressHeader)]
    headers.push(proxiedAddressHeader, clientAddress(config, request).address)
    if (request.headers.upgrade) proxyUpgrade(request, headers, socketOf(owner))
    else proxyRequest(request, headers, response, socketOf(owner))
  })
}

const isPipe = (socket: TcpSocket) =>
  (socket as unknown as { _handle?: { constructor: { name: string } } })._handle?.constructor.name === 'Pipe'

/** The id of the worker that owns the session; null without a session id, or with one that engine.io will refuse. */
function ownerOf(url: string): number | null {
  const owner = /^(\d{1,9})\./.exec(new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('sid') ?? '')
  return owner && Number(owner[1])
}

function proxyRequest(request: IncomingMessage, rawHeaders: string[], response: ServerResponse, socketPath: string) {
  const { method, url } = request
  // Always keep-alive: a worker that replies and closes before it has read the whole request breaks the pipe, and its
  // reply is lost.
  const headers = [...endToEnd(rawHeaders), 'Connection', 'keep-alive']
  const upstream = open({ socketPath, method, path: url, headers, agent: false }, (reply) => {
    response.writeHead(reply.statusCode ?? 500, endToEnd(reply.rawHeaders))
    reply.pipe(response)
  })
  // The worker has exited and its session is lost, so the client opens another.
  upstream.on('error', () => response.headersSent || response.writeHead(400).end())
  response.on('close', () => upstream.destroy())
  request.pipe(upstream)
}

/** Removes hop-by-hop headers (RFC 9110, 7.6.1). */
const endToEnd = (rawHeaders: readonly string[]) => without(rawHeaders, 'connection', 'keep-alive')

const without = (rawHeaders: readonly string[], ...names: string[]) =>
  rawHeaders.filter((_, index) => !names.includes((rawHeaders[index - (index % 2)] as string).toLowerCase()))

function proxyUpgrade({ method, url, socket }: IncomingMessage, rawHeaders: string[], socketPath: string) {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  const upstream = connect(socketPath)
  upstream.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  for (const [from, to] of [
    [socket, upstream],
    [upstream, socket],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
}
