// A session of Engine.IO lives in one worker, and its requests may reach any of them: its id names the worker, and whoever gets a request
// of another's session passes it on over that one's private socket. Connections that begin as WebSocket, and all else, never take that way.

import { type IncomingMessage, request as open, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Server } from 'socket.io'
import type { Config } from '../../process/config.ts'
import { clientAddress, proxiedAddressHeader } from '../../shared/client-address.ts'
import type { WorkerIpc } from './worker-ipc.ts'

/** Call when the server is attached and before the first connection. */
export function enableStickySessions(
  config: Config,
  { engine }: Server,
  { id, socketOf }: Pick<WorkerIpc, 'id' | 'socketOf'>,
): void {
  const randomId = engine.generateId.bind(engine)
  engine.generateId = async (request: IncomingMessage) => `${id}.${await randomId(request)}`
  engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const owner = ownerOf(request.url ?? '')
    if (owner === null || owner === id) return next()
    // It counts for its client there too, whatever the client has sent in this header.
    const headers = [...without(request.rawHeaders, proxiedAddressHeader)]
    headers.push(proxiedAddressHeader, clientAddress(config, request).address)
    if (request.headers.upgrade) passUpgrade(request, headers, socketOf(owner))
    else proxyRequest(request, headers, response, socketOf(owner))
  })
}

/** The id of the worker whose session this is; null where there is none yet. Whatever else is sent is for the engine to refuse. */
function ownerOf(url: string): number | null {
  const owner = /^(\d{1,9})\./.exec(new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('sid') ?? '')
  return owner && Number(owner[1])
}

function proxyRequest(request: IncomingMessage, rawHeaders: string[], response: ServerResponse, socketPath: string) {
  const { method, url } = request
  // Kept alive, whatever the client asked for: a worker that answered and closed before the end of the request is passed on breaks the pipe,
  // and its answer is lost.
  const headers = [...endToEnd(rawHeaders), 'Connection', 'keep-alive']
  const onward = open({ socketPath, method, path: url, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, endToEnd(answer.rawHeaders))
    answer.pipe(response)
  })
  // Its worker is gone, and the session with it: the client begins another.
  onward.on('error', () => response.headersSent || response.writeHead(400).end())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
}

/** Without those that are of one connection alone (RFC 9110, 7.6.1). */
const endToEnd = (rawHeaders: readonly string[]) => without(rawHeaders, 'connection', 'keep-alive')

const without = (rawHeaders: readonly string[], ...names: string[]) =>
  rawHeaders.filter((_, index) => !names.includes((rawHeaders[index - (index % 2)] as string).toLowerCase()))

function passUpgrade({ method, url, socket }: IncomingMessage, rawHeaders: string[], socketPath: string) {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  const onward = connect(socketPath)
  onward.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  for (const [one, other] of [
    [socket, onward],
    [onward, socket],
  ] as const) {
    one.pipe(other)
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
}
