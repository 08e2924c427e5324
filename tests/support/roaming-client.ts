// A persistent client, like the widget and the console: it reconnects, resends under the same id until acknowledged,
// and requests everything after its last seq whenever it is back.

import { setTimeout as sleep } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import type { Message } from '#protocol/entities.ts'
import type { ErrorBody, Reply } from '#protocol/errors.ts'

export interface RoamingClient {
  socket: Socket
  /** Contents by seq, one entry for each time it was new to this client. */
  held: Map<number, string>
  /** Errors that no retry could fix. */
  refusals: ErrorBody[]
  /** Milliseconds until the acknowledgement. */
  send(clientMessageId: string): Promise<number>
  close(): void
}

export async function connectRoaming(url: string, token: string, conversationId: number): Promise<RoamingClient> {
  const socket = io(url, {
    auth: { token },
    forceNew: true,
    transports: ['websocket'],
    reconnectionDelay: 50,
    reconnectionDelayMax: 500,
  })
  const held = new Map<number, string>()
  const refusals: ErrorBody[] = []
  const store = ({ seq, content }: Message) => void held.set(seq, content)

  const ask = async <T>(name: string, payload: object): Promise<Reply<T> | null> =>
    socket
      .timeout(2_000)
      .emitWithAck(name, payload)
      .catch(() => null)

  async function catchUp() {
    const afterSeq = Math.max(0, ...held.keys())
    const reply = await ask<{ messages: Message[]; hasMore: boolean }>('conversation:open', {
      conversationId,
      afterSeq,
    })
    if (!reply?.ok) {
      await sleep(100)
      if (socket.connected) await catchUp()
      return
    }
    reply.data.messages.forEach(store)
    if (reply.data.hasMore) await catchUp()
  }

  // Events are kept only while contiguous; a gap is requested.
  socket.on('message:created', (message: Message) => {
    if (message.conversationId !== conversationId) return
    if (held.has(message.seq - 1) || message.seq === 1) store(message)
    else void catchUp()
  })
  socket.on('connect', () => void catchUp())
  // After a refusal, or when the server closes the connection, Socket.IO does not reconnect by itself.
  const reconnect = () => void sleep(50 + Math.random() * 200).then(() => socket.active || socket.connect())
  socket.on('connect_error', reconnect)
  socket.on('disconnect', (reason) => reason !== 'io client disconnect' && reconnect())
  await new Promise<void>((resolve) => socket.once('connect', resolve))

  return {
    socket,
    held,
    refusals,
    async send(clientMessageId) {
      const from = performance.now()
      for (;;) {
        const reply = socket.connected
          ? await ask('message:send', { conversationId, clientMessageId, content: clientMessageId })
          : null
        if (reply?.ok) return performance.now() - from
        if (reply && !reply.error.retryable) refusals.push(reply.error)
        await sleep(50)
      }
    },
    close: () => void socket.close(),
  }
}
