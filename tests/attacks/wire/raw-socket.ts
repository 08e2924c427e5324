// TCP connections from a chosen address that write as fast as the peer accepts and read only on request.

import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Budget, Target } from '../attack.ts'

/** Resolves when connected; rejects when refused. */
export function openTcp(target: Pick<Target, 'host' | 'port'>, localAddress: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.host, port: target.port, localAddress, noDelay: true })
    // At most ten seconds, because a full backlog would block it for longer.
    const timer = setTimeout(() => socket.destroy(new Error('not connected in time')), 10_000)
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

/** Resolves when the socket is writable or ended, or after a second. */
export function write(socket: Socket, data: Buffer | string): Promise<void> {
  if (socket.destroyed || socket.write(data)) return new Promise((resolve) => setImmediate(resolve))
  return drained(socket)
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer)
      socket.off('drain', settle).off('close', settle)
      resolve()
    }
    const timer = setTimeout(settle, 1_000)
    socket.on('drain', settle).on('close', settle)
  })
}

export const closed = (socket: Socket): Promise<void> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()))

/** Runs `count` loops concurrently until the time is over. A failed step is retried after a moment. */
export async function repeatedly(
  budget: Budget,
  count: number,
  work: (index: number, times: number) => Promise<void>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      for (let times = 0; !budget.isOver(); times++) {
        try {
          await Promise.race([work(index, times), budget.over])
        } catch {
          budget.count('failures')
          await sleep(5)
        }
      }
    }),
  )
}

export interface PipelineOptions {
  connections: number
  /** Requests as text; one write holds `perWrite` of them. */
  request(index: number, times: number): string
  perWrite?: number
  /** False for callers that never read replies. */
  reads?: boolean
  /** The number of replies to wait for before the next write. */
  inFlight?: number
  from?: (index: number) => string
  /** Called with each chunk of the replies. */
  onData?: (text: string) => void
}

const refusal = /HTTP\/1\.1 (429|503)/g

/** Pipelined requests on a few connections, reopened whenever the server ends them. */
export async function pipeline(target: Target, budget: Budget, options: PipelineOptions): Promise<void> {
  const { connections, request, perWrite = 16, reads = true, inFlight = 256, from, onData } = options
  await repeatedly(budget, connections, async (index, times) => {
    budget.count('connections')
    const socket = await openTcp(target, from?.(index) ?? target.address())
    let waiting = 0
    if (!reads) socket.pause()
    else {
      socket.on('data', (piece) => {
        const text = piece.toString('latin1')
        waiting -= text.split('HTTP/1.1 ').length - 1
        const refusals = text.match(refusal)?.length ?? 0
        if (refusals > 0) budget.count('refusals', refusals)
        onData?.(text)
      })
    }
    const end = budget.over.then(() => socket.destroy())
    try {
      for (let batch = 0; !socket.destroyed && !budget.isOver(); batch++) {
        if (reads && waiting > inFlight) {
          await sleep(1)
          continue
        }
        const texts = Array.from({ length: perWrite }, (_, n) => request(index, times * 1000 + batch * perWrite + n))
        const text = texts.join('')
        waiting += perWrite
        budget.count('requests', perWrite)
        budget.count('bytes', text.length)
        await write(socket, text)
      }
      if (!budget.isOver()) budget.count('cuts')
    } finally {
      socket.destroy()
      void end
    }
  })
}

/** Sends one request on a connection of its own. Resolves with the first piece of its answer, '' if there is none. */
export async function ask(target: Target, text: string, from = target.address()): Promise<string> {
  const socket = await openTcp(target, from)
  const answer = new Promise<string>((resolve) => {
    socket.once('data', (piece) => resolve(piece.toString('latin1')))
    socket.once('close', () => resolve(''))
  })
  socket.write(text)
  return answer.finally(() => socket.destroy())
}

/** A GET without a body, with extra header lines as given. */
export const get = ({ host, port }: Target, path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, `Host: ${host}:${port}`, ...headers, '', ''].join('\r\n')

export function post({ host, port }: Target, path: string, body: unknown, ...headers: string[]): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...headers,
    '',
    text,
  ].join('\r\n')
}
