// An orderly end: once the server closes, new requests are told to come back and those under way are answered; only then are connections
// cut, since browsers keep some open that never ask for anything.

import { serverLimits } from '#protocol/limits/server.ts'
import { AppError } from '../shared/errors.ts'
import type { HttpServer } from './route-auth.ts'

export function finishInFlight(http: HttpServer): void {
  let inFlight = 0
  let isClosing = false
  let whenIdle = () => {}

  http.addHook('onRequest', async (_request, reply) => {
    inFlight += 1
    reply.raw.once('close', () => {
      inFlight -= 1
      if (inFlight === 0) whenIdle()
    })
    if (isClosing) throw new AppError('unavailable', 'This server is about to stop.')
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
