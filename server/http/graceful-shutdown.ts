// Graceful shutdown: once the server closes, it rejects new requests as unavailable and answers those in flight. Only
// then does it close connections, since browsers keep idle ones open.

import { serverLimits } from '#protocol/limits/server.ts'
import { AppError } from '../shared/errors.ts'
import type { HttpServer } from './route-auth.ts'

export function drainOnClose(http: HttpServer): void {
  let inFlight = 0
  let isClosing = false
  let whenIdle = () => {}

  http.addHook('onRequest', async (_request, reply) => {
    inFlight += 1
    reply.raw.once('close', () => {
      inFlight -= 1
      if (inFlight === 0) whenIdle()
    })
    if (isClosing) throw new AppError('unavailable', 'This server is stopping; try again.')
  })

  http.addHook('preClose', async () => {
    isClosing = true
    if (inFlight === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, serverLimits.drainMs / 2)
      whenIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  })
}
