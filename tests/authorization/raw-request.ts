// Sends a socket request whatever the token is, even after the connection was refused. No client library does that.

import { WebSocket } from 'ws'
import type { Reply } from '#protocol/errors.ts'

const answerWithinMs = 10_000

/** The outcome: sees for a reply, otherwise the error code. */
export async function requestWithToken(
  url: string,
  token: unknown,
  request: string,
  payload: unknown,
): Promise<string> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`)
  let refused = 'closed without a word'
  const ended = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${request} was left open, ${refused}`)), answerWithinMs)
    const end = (outcome: string) => {
      clearTimeout(timer)
      resolve(outcome)
    }
    socket.on('error', reject)
    socket.on('close', () => end(refused))
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      if (text.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`)
      if (text.startsWith('44')) refused = (JSON.parse(text.slice(2)) as { data: { code: string } }).data.code
      // Sends the request whether or not the token was accepted. The server closes the connection of an
      // unauthenticated sender.
      if (text.startsWith('40') || text.startsWith('44')) socket.send(`420${JSON.stringify([request, payload])}`)
      if (!text.startsWith('430')) return
      const [reply] = JSON.parse(text.slice(3)) as [Reply<unknown>]
      end(reply.ok ? 'sees' : reply.error.code)
    })
  })
  try {
    return await ended
  } finally {
    socket.terminate()
  }
}
