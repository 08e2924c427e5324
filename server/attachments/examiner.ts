// Asks a process of its own what an upload is, one at a time: decoders meet hostile bytes, and may crash, hang or eat a core there without
// anybody who talks noticing. It gets no settings and no secrets, is ended when it takes too long, and when there is nothing to do.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { limits } from '#protocol/limits.ts'
import { AppError } from '../errors.ts'
import type { Finding, Question } from './examine-file.ts'

export interface Examiner {
  /** Throws overloaded when too much waits. What crashes or hangs the process is found broken. */
  examine(question: Question): Promise<Finding>
  stop(): void
}

const program = fileURLToPath(new URL('./examiner-process.ts', import.meta.url))
const broken: Finding = { kind: 'refused', why: 'broken' }

export function createExaminer(log: Logger): Examiner {
  let child: ChildProcess | null = null
  let idle: ReturnType<typeof setTimeout> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0

  function end(): void {
    child?.kill('SIGKILL')
    child = null
  }

  function start(): ChildProcess {
    const started = fork(program, [], { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    started.once('exit', (code, signal) => {
      if (child !== started) return
      child = null
      log.error({ code, signal }, 'the process that looks at uploads has died')
    })
    child = started
    return started
  }

  async function ask(question: Question): Promise<Finding> {
    clearTimeout(idle)
    const asked = child ?? start()
    const { promise, resolve, reject } = Promise.withResolvers<Finding>()
    const onMessage = (finding: unknown) => resolve(finding as Finding)
    const onExit = () => resolve(broken)
    const tooLong = setTimeout(() => {
      log.warn('looking at an upload took too long')
      end()
    }, limits.examineMs)
    asked.on('message', onMessage).on('exit', onExit).on('error', reject)
    try {
      asked.send(question)
      return await promise
    } finally {
      clearTimeout(tooLong)
      asked.off('message', onMessage).off('exit', onExit).off('error', reject)
      idle = setTimeout(end, limits.examinerIdleMs).unref()
    }
  }

  return {
    async examine(question) {
      if (waiting >= limits.examineWaiting) throw new AppError('overloaded', 'Too many uploads are being looked at.')
      waiting += 1
      const answer = turn.then(() => ask(question))
      turn = answer.catch(() => undefined)
      try {
        return await answer
      } finally {
        waiting -= 1
      }
    },
    stop() {
      clearTimeout(idle)
      end()
    },
  }
}
