// One run of a worker, as the primary sees it: from its fork until its exit was seen.

import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { serverLimits } from '#protocol/limits/server.ts'
import { workerEnvironment } from '../../process/config.ts'
import { createByteBudget } from '../bus.ts'
import type { RefusedMessages } from '../rejected-messages.ts'
import { asToPrimary, type PublishedState, type Start, type ToPrimary, type ToWorker } from './ipc-messages.ts'

export interface WorkerProcess {
  id: number
  /** Hands it a connection; the socket stays open here until it is closed here too. */
  give(socket: Socket): void
  /** Of the bus: dropped when too much waits for this worker. */
  tell(told: PublishedState[]): void
  tellReady(ready: number): void
  kill(signal: NodeJS.Signals): void
  /** Settles when the process is gone, with words for the log. */
  exited: Promise<string>
}

const program = fileURLToPath(new URL('../../worker.ts', import.meta.url))

/** `worker` is its number, from 1, the same for all that take its place. */
export function spawnWorker(
  worker: number,
  start: Start,
  refused: RefusedMessages,
  hear: (message: ToPrimary) => void,
): WorkerProcess {
  const child: ChildProcess = fork(program, [String(worker)], { serialization: 'advanced', env: workerEnvironment() })
  const allow = createByteBudget(serverLimits.busBufferBytes)
  // Whether it can still be told anything is seen by its exit.
  const send = (message: ToWorker, then = () => {}) => void child.send(message, then)
  child.on('message', (said) => {
    const message = asToPrimary(said)
    if (message) hear(message)
    else refused.note('malformed')
  })
  send(start)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`))
  })
  return {
    id: start.id,
    exited,
    give: (socket) => void child.send({ kind: 'connection' } satisfies ToWorker, socket, { keepOpen: true }, () => {}),
    tell(told) {
      const gone = allow(told.reduce((sum, [, message]) => sum + message.length, 0))
      if (gone) send({ kind: 'told', told }, gone)
    },
    tellReady: (ready) => send({ kind: 'ready', ready }),
    kill: (signal) => void child.kill(signal),
  }
}
