import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import v8 from 'node:v8'
import { io as connect } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import { startTestApp } from '../support/app.ts'

it('an accepted connection releases its upgrade request, over WebSocket and after an upgrade from polling', async () => {
  const app = await startTestApp()
  onTestFinished(() => app.stop())
  const requests: WeakRef<IncomingMessage>[] = []
  for (const event of ['request', 'upgrade']) {
    app.http.server.prependListener(event, (request: IncomingMessage) => {
      if (request.url?.startsWith('/socket.io/')) requests.push(new WeakRef(request))
    })
  }
  const account = await app.newCustomer()
  const sockets = [['websocket'], ['websocket'], ['polling', 'websocket']].map((transports) =>
    connect(app.url, { auth: { token: account.token }, forceNew: true, transports }),
  )
  onTestFinished(() => sockets.forEach((socket) => void socket.close()))
  await Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.on('availability:changed', () => resolve()))),
  )
  const engine = sockets[2]?.io.engine
  if (engine?.transport.name === 'polling') await new Promise((resolve) => engine.once('upgrade', resolve))
  expect(requests.length).toBeGreaterThan(3)
  await expect
    .poll(() => {
      v8.queryObjects(Socket) // Collects garbage first.
      return requests.filter((request) => request.deref() !== undefined).length
    })
    .toBe(0)
  const more = await account.connect()
  expect(await more.request('conversation:list', {})).toEqual({ conversations: [], nextCursor: null })
})
