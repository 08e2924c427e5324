// Paces the new connections of addresses with too many violations: they wait unread until it is their turn. A flood
// then costs an accepted connection per attempt and nothing else, and others of its address are served late, not
// refused.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import { peerAddress } from '../shared/client-address.ts'
import { createFairQueue } from '../shared/fair-queue.ts'

/** The groups of the queue are addresses, each with one person. */
const person = 0
const ignore = () => {}

/** Call when all listeners are registered. Returns a function that closes the waiting connections. */
export function paceViolators({ config, rates, slots, violations }: App, server: Server): () => void {
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[]
  /** Each serves its connection. */
  const waiting = createFairQueue<{ socket: Socket; serve(): void }>()
  let timer: NodeJS.Timeout | undefined

  function serve(socket: Socket) {
    for (const listener of listeners) listener.call(server, socket)
  }

  function enqueue(socket: Socket, group: string) {
    const held = slots.held('waitingConnectionsOfViolator', group)
    const { waitingConnectionsOfViolator: ofAddress, waitingConnectionsOfViolators: ofAll } = budgets
    if (held >= ofAddress.concurrent || waiting.size >= ofAll.concurrent) return void socket.destroy()
    const release = slots.acquire('waitingConnectionsOfViolator', group)
    const item = {
      socket,
      serve() {
        release()
        socket.off('close', leave).off('error', ignore)
        serve(socket)
        setReading(socket, true)
      },
    }
    function leave() {
      release()
      waiting.remove(group, person, item)
    }
    setReading(socket, false)
    socket.once('close', leave).on('error', ignore)
    waiting.add(group, person, item)
    timer ??= setInterval(serveNext, serverLimits.pacedConnectionsMs).unref()
  }

  function serveNext() {
    while (waiting.size > 0 && rates.tryConsume('connectionsOfViolators', 'all')) waiting.next()?.serve()
    if (waiting.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const address = peerAddress(config, socket)
    if (address !== null && violations.isViolator(address)) enqueue(socket, address.group)
    else serve(socket)
  })

  return () => {
    clearInterval(timer)
    for (let item = waiting.next(); item; item = waiting.next()) item.socket.destroy()
  }
}

/** Unread bytes stay in the kernel. A paused socket would still read 64 KB. */
function setReading(socket: Socket, isReading: boolean): void {
  const { _handle: handle } = socket as unknown as {
    _handle?: { reading: boolean; readStart(): void; readStop(): void }
  }
  if (!handle) return
  handle.reading = isReading
  if (isReading) handle.readStart()
  else handle.readStop()
}
