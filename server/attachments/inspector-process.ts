// Runs the inspector process, where decoders may crash, hang or occupy a core without affecting the chat. It gets no
// settings and no secrets, starts with the first task, and ends on timeout, high memory or idleness.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { InspectionReply, InspectionTask } from './upload-inspector-process.ts'

export interface InspectorProcess {
  /** null if the process died, or was killed because a task exceeded limits.inspectionMs. */
  run(task: InspectionTask): Promise<{ reply: InspectionReply | null; isTimeout: boolean }>
  end(): void
}

const program = fileURLToPath(new URL('./upload-inspector-process.ts', import.meta.url))
/** One malloc arena: with several, glibc retains the freed memory of each thread. */
const environment = { MALLOC_ARENA_MAX: '1' }

export function createInspectorProcess(log: Logger): InspectorProcess {
  let child: ChildProcess | null = null
  let idle: ReturnType<typeof setTimeout> | undefined
  let lastId = 0
  /** Tasks of the current process. */
  let pending = new Map<number, (reply: InspectionReply | null) => void>()

  /** Settles all pending tasks; the next task starts a new process. */
  function reset(): void {
    child = null
    clearTimeout(idle)
    const settles = [...pending.values()]
    pending = new Map()
    for (const settle of settles) settle(null)
  }

  function end(): void {
    child?.kill('SIGKILL')
    reset()
  }

  function start(): ChildProcess {
    const started = fork(program, [], { env: environment, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const onExit = (reason: object) => {
      if (child !== started) return
      log.error(reason, 'upload inspector exited')
      reset()
    }
    started.once('exit', (code, signal) => onExit({ code, signal }))
    started.once('error', (err) => onExit({ err }))
    started.on('message', (reply) => {
      if (child === started) settle(reply as InspectionReply)
    })
    child = started
    return started
  }

  function settle(reply: InspectionReply): void {
    pending.get(reply.id)?.(reply)
    pending.delete(reply.id)
    if (pending.size > 0) return
    // Only exiting returns the memory of a large image to the system.
    if (reply.residentBytes > serverLimits.inspectorRetainedBytes) end()
    else idle = setTimeout(end, serverLimits.inspectorIdleMs).unref()
  }

  return {
    end,
    async run(task) {
      clearTimeout(idle)
      const target = child ?? start()
      const id = ++lastId
      let isTimeout = false
      const { promise, resolve } = Promise.withResolvers<InspectionReply | null>()
      pending.set(id, resolve)
      const timeout = setTimeout(() => {
        log.warn('upload inspection timed out')
        isTimeout = true
        end()
      }, limits.inspectionMs)
      // A send error means that the process exited; its exit settles the task.
      target.send({ ...task, id }, () => {})
      const reply = await promise
      clearTimeout(timeout)
      return { reply, isTimeout }
    },
  }
}
