// The one process that inspects uploads. Decoders meet hostile bytes: they may crash, hang or eat a core there without anybody who talks
// noticing. It gets no settings and no secrets, starts with the first task, and ends when it takes too long, keeps much memory or is idle.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { InspectionAnswer, InspectionTask } from './upload-inspector-process.ts'

export interface InspectorProcess {
  /** null where the process died, or was ended since this task took longer than limits.inspectionMs. */
  run(task: InspectionTask): Promise<{ answer: InspectionAnswer | null; isTimeout: boolean }>
  end(): void
}

const program = fileURLToPath(new URL('./upload-inspector-process.ts', import.meta.url))
/** One arena: with several, glibc keeps what each thread has freed. */
const environment = { MALLOC_ARENA_MAX: '1' }

export function createInspectorProcess(log: Logger): InspectorProcess {
  let child: ChildProcess | null = null
  let idle: ReturnType<typeof setTimeout> | undefined
  let lastId = 0
  /** Tasks of the current process. */
  let pending = new Map<number, (answer: InspectionAnswer | null) => void>()

  /** Settles what the process was asked; the next task starts another. */
  function forget(): void {
    child = null
    clearTimeout(idle)
    const settles = [...pending.values()]
    pending = new Map()
    for (const settle of settles) settle(null)
  }

  function end(): void {
    child?.kill('SIGKILL')
    forget()
  }

  function start(): ChildProcess {
    const started = fork(program, [], { env: environment, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const gone = (reason: object) => {
      if (child !== started) return
      log.error(reason, 'upload inspector exited')
      forget()
    }
    started.once('exit', (code, signal) => gone({ code, signal }))
    started.once('error', (err) => gone({ err }))
    started.on('message', (answer) => {
      if (child === started) settle(answer as InspectionAnswer)
    })
    child = started
    return started
  }

  function settle(answer: InspectionAnswer): void {
    pending.get(answer.id)?.(answer)
    pending.delete(answer.id)
    if (pending.size > 0) return
    // What a large image took is given back to the system only by ending the process.
    if (answer.residentBytes > serverLimits.inspectorRetainedBytes) end()
    else idle = setTimeout(end, serverLimits.inspectorIdleMs).unref()
  }

  return {
    end,
    async run(task) {
      clearTimeout(idle)
      const asked = child ?? start()
      const id = ++lastId
      let isTimeout = false
      const { promise, resolve } = Promise.withResolvers<InspectionAnswer | null>()
      pending.set(id, resolve)
      const tooLong = setTimeout(() => {
        log.warn('upload inspection timed out')
        isTimeout = true
        end()
      }, limits.inspectionMs)
      // An error means that the process is gone, and its exit settles the task.
      asked.send({ ...task, id }, () => {})
      const answer = await promise
      clearTimeout(tooLong)
      return { answer, isTimeout }
    },
  }
}
