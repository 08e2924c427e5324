// One process that inspects uploads, one at a time, and the fair queue in front of it. Decoders meet hostile bytes: they may crash, hang or
// eat a core there without anybody who talks noticing. The process gets no settings and no secrets, and ends when it takes too long or is idle.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { limits } from '#protocol/limits.ts'
import { budgets } from '../budgets/budgets.ts'
import { AppError } from '../errors.ts'
import { createFairQueue } from './fair-queue.ts'
import type { InspectionAnswer, InspectionTask } from './upload-inspector-process.ts'

/** Whose upload it is. */
export interface InspectionCaller {
  userId: number
  isCustomer: boolean
  /** The address group of a customer. */
  addressGroup: string
  /** Aborted when nobody waits for the answer any more. */
  signal?: AbortSignal
}

/** null where the process died or was ended. */
export type LaneResult = { answer: InspectionAnswer | null; costMs: number }

export interface InspectionLane {
  /** Throws overloaded when too much waits, or when its turn does not come within limits.inspectionWaitMs. */
  run(task: InspectionTask, caller: InspectionCaller): Promise<LaneResult>
  stop(): void
}

interface Job {
  task: InspectionTask
  caller: InspectionCaller
  group: string
  start(run: Promise<LaneResult>): void
}

const program = fileURLToPath(new URL('./upload-inspector-process.ts', import.meta.url))

/** Agents take turns as one group, so that customers cannot outnumber them. */
const groupOf = ({ isCustomer, addressGroup }: InspectionCaller) => (isCustomer ? addressGroup : 'agents')

export function createInspectionLane(log: Logger): InspectionLane {
  const queue = createFairQueue<Job>()
  let customersWaiting = 0
  let isBusy = false
  let child: ChildProcess | null = null
  let idle: ReturnType<typeof setTimeout> | undefined

  function end(): void {
    child?.kill('SIGKILL')
    child = null
  }

  function start(): ChildProcess {
    // One memory arena: with several, glibc keeps what each thread has freed.
    const env = { MALLOC_ARENA_MAX: '1' }
    const started = fork(program, [], { env, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    started.once('exit', (code, signal) => {
      if (child !== started) return
      child = null
      log.error({ code, signal }, 'upload inspector exited')
    })
    child = started
    return started
  }

  async function ask(task: InspectionTask): Promise<LaneResult> {
    clearTimeout(idle)
    const asked = child ?? start()
    const { promise, resolve, reject } = Promise.withResolvers<InspectionAnswer | null>()
    const onMessage = (answer: unknown) => resolve(answer as InspectionAnswer)
    const onExit = () => resolve(null)
    const tooLong = setTimeout(() => {
      log.warn('upload inspection timed out')
      end()
    }, limits.inspectionMs)
    const beganAt = performance.now()
    asked.on('message', onMessage).on('exit', onExit).on('error', reject)
    try {
      asked.send(task)
      const answer = await promise
      // What a large image took is given back to the system only by ending the process.
      if (answer && answer.residentBytes > limits.inspectorKeptBytes) end()
      return { answer, costMs: answer?.costMs ?? performance.now() - beganAt }
    } finally {
      clearTimeout(tooLong)
      asked.off('message', onMessage).off('exit', onExit).off('error', reject)
      idle = setTimeout(end, limits.inspectorIdleMs).unref()
    }
  }

  function runNext(): void {
    if (isBusy) return
    const job = queue.next()
    if (job === undefined) return
    isBusy = true
    if (job.caller.isCustomer) customersWaiting -= 1
    const run = ask(job.task).finally(() => {
      isBusy = false
      runNext()
    })
    job.start(run)
  }

  function assertRoom({ isCustomer }: InspectionCaller): void {
    const isFull =
      queue.size >= budgets.inspectionsWaiting.concurrent ||
      (isCustomer && customersWaiting >= budgets.customerInspectionsWaiting.concurrent)
    if (isFull) throw overloaded()
  }

  return {
    async run(task, caller) {
      assertRoom(caller)
      const { signal } = caller
      const { promise, resolve, reject } = Promise.withResolvers<LaneResult>()
      const job: Job = { task, caller, group: groupOf(caller), start: resolve }
      const giveUp = () => {
        if (!queue.remove(job.group, caller.userId, job)) return
        if (caller.isCustomer) customersWaiting -= 1
        reject(overloaded())
      }
      const tooLong = setTimeout(giveUp, limits.inspectionWaitMs)
      signal?.addEventListener('abort', giveUp)
      queue.add(job.group, caller.userId, job)
      if (caller.isCustomer) customersWaiting += 1
      runNext()
      try {
        return await promise
      } finally {
        clearTimeout(tooLong)
        signal?.removeEventListener('abort', giveUp)
      }
    },
    stop() {
      clearTimeout(idle)
      end()
    },
  }
}

const overloaded = () => new AppError('overloaded', 'Too many uploads wait to be inspected.', { retryAfterMs: 5_000 })
