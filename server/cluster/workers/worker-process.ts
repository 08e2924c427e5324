// The primary's handle on one worker process, from fork to exit.

import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { serverLimits } from '#protocol/limits/server.ts'
import { workerEnvironment } from '../../process/config.ts'
import { createByteBudget } from '../bus.ts'
import type { RejectedMessages } from '../rejected-messages.ts'
import { asToPrimary, type BusMessage, type Start, type ToPrimary, type ToWorker } from './ipc-messages.ts'

export interface WorkerProcess {
  id: number
  /** Sends a connection to the worker. The primary's own handle stays open. */
  handOff(socket: Socket): void
  /** Relays bus messages. Drops them when the worker's IPC backlog is full. */
  publish(messages: BusMessage[]): void
  sendReadyCount(ready: number): void
  kill(signal: NodeJS.Signals): void
  /** Resolves when the process has exited, with the reason for the log. */
  exited: Promise<string>
}

const program = fileURLToPath(new URL('../../worker.ts', import.meta.url))

/** `worker` is its number, from 1. Its replacements keep the number. */
export function spawnWorker(
  worker: number,
  start: Start,
  rejected: RejectedMessages,
  onMessage: (message: ToPrimary) => void,
): WorkerProcess {
  const child: ChildProcess = fork(program, [String(worker)], { serialization: 'advanced', env: workerEnvironment() })
  const reserve = createByteBudget(serverLimits.busBufferBytes)
  // A failed send is ignored: the exit of the worker shows it.
  const send = (message: ToWorker, then = () => {}) => void child.send(message, then)
  child.on('message', (raw) => {
    const message = asToPrimary(raw)
    if (message) onMessage(message)
    else rejected.count('malformed')
  })
  send(start)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `was killed by ${signal}` : `exited with code ${code}`))
  })
  return {
    id: start.id,
    exited,
    handOff: (socket) =>
      void child.send({ kind: 'connection' } satisfies ToWorker, socket, { keepOpen: true }, () => {}),
    publish(messages) {
      const release = reserve(messages.reduce((sum, [, message]) => sum + message.length, 0))
      if (release) send({ kind: 'published', messages }, release)
    },
    sendReadyCount: (ready) => send({ kind: 'ready', ready }),
    kill: (signal) => void child.kill(signal),
  }
}
