// A WebSocket that writes engine.io and Socket.IO packets by hand, so that it can send anything. It matches replies
// to its requests.

import { WebSocket } from 'ws'
import type { Reply } from '#protocol/errors.ts'

export interface RawConnection {
  isOpen(): boolean
  /** Sends a text or binary message unchanged; text need not be UTF-8. */
  send(data: string | Buffer, kind?: 'text' | 'binary'): void
  /** Writes bytes below the WebSocket framing. Nothing can be sent afterwards. */
  endWith(bytes: Buffer): void
  /**
   * Sends a request with an acknowledgement; `args` is JSON text. Resolves with the reply, or null when the
   * connection ended.
   */
  request(event: string, args: string): Promise<Reply<unknown> | null>
  close(): void
}

const answerWithinMs = 15_000

/** Connects and authenticates. */
export async function connectRaw(url: string, token: string): Promise<RawConnection> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`, { maxPayload: 0 })
  const waiting = new Map<number, (reply: Reply<unknown> | null) => void>()
  let nextAck = 0
  let letIn: (() => void) | undefined

  socket.on('error', () => {})
  socket.on('message', (data: Buffer, isBinary) => {
    const text = isBinary ? '' : data.toString()
    if (text.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`)
    else if (text === '2') socket.send('3')
    else if (text.startsWith('40{')) letIn?.()
    const answer = /^43(\d+)(\[.*)$/s.exec(text)
    if (!answer) return
    const id = Number(answer[1])
    const [reply] = JSON.parse(answer[2] as string) as [Reply<unknown>]
    waiting.get(id)?.(reply)
    waiting.delete(id)
  })
  socket.on('close', () => {
    for (const settle of waiting.values()) settle(null)
    waiting.clear()
  })
  await new Promise<void>((resolve, reject) => {
    letIn = resolve
    socket.once('close', () => reject(new Error('a good token was not let in')))
  })

  const isOpen = () => socket.readyState === WebSocket.OPEN
  return {
    isOpen,
    send: (data, kind = 'text') => {
      if (isOpen()) socket.send(data, { binary: kind === 'binary' })
    },
    endWith(bytes) {
      const { _socket } = socket as unknown as { _socket?: { end(bytes: Buffer): void } }
      if (isOpen()) _socket?.end(bytes)
    },
    request(event, args) {
      if (!isOpen()) return Promise.resolve(null)
      const id = nextAck++
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${event} got no reply: ${args.slice(0, 300)}`)),
          answerWithinMs,
        )
        waiting.set(id, (reply) => {
          clearTimeout(timer)
          resolve(reply)
        })
        socket.send(`42${id}[${JSON.stringify(event)}${args === '' ? '' : `,${args}`}]`)
      })
    },
    close: () => socket.terminate(),
  }
}
