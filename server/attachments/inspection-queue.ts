// Runs inspections of one kind one at a time, behind a fair queue with a maximum wait.

import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../budgets/budgets.ts'
import { AppError } from '../shared/errors.ts'
import { createFairQueue } from '../shared/fair-queue.ts'
import type { InspectorProcess } from './inspector-process.ts'
import type { InspectionReply, InspectionTask } from './upload-inspector-process.ts'

/** The uploader. */
export interface InspectionCaller {
  userId: number
  isCustomer: boolean
  /** The address group of a customer. */
  addressGroup: string
  /** Aborted when the uploader disconnects. */
  signal?: AbortSignal
}

export interface QueueResult {
  /** null if the process died or timed out. */
  reply: InspectionReply | null
  costMs: number
}

export interface InspectionQueue {
  /** Throws overloaded if the queue is full, or after limits.inspectionWaitMs in it. */
  run(task: InspectionTask, caller: InspectionCaller): Promise<QueueResult>
}

interface Job {
  task: InspectionTask
  caller: InspectionCaller
  group: string
  start(run: Promise<QueueResult>): void
}

/** Agents are one group, so that customers cannot outnumber them. */
const groupOf = ({ isCustomer, addressGroup }: InspectionCaller) => (isCustomer ? addressGroup : 'agents')

export function createInspectionQueue(inspector: InspectorProcess): InspectionQueue {
  const queue = createFairQueue<Job>()
  let customersWaiting = 0
  let isBusy = false

  function assertRoom({ isCustomer }: InspectionCaller): void {
    const isFull =
      queue.size >= budgets.inspectionsWaiting.concurrent ||
      (isCustomer && customersWaiting >= budgets.customerInspectionsWaiting.concurrent)
    if (isFull) throw overloaded()
  }

  function enqueue(job: Job): void {
    queue.add(job.group, job.caller.userId, job)
    if (job.caller.isCustomer) customersWaiting += 1
  }

  function runNext(): void {
    if (isBusy) return
    const job = queue.next()
    if (job === undefined) return
    isBusy = true
    if (job.caller.isCustomer) customersWaiting -= 1
    const run = inspect(inspector, job.task).finally(() => {
      isBusy = false
      runNext()
    })
    job.start(run)
  }

  return {
    async run(task, caller) {
      assertRoom(caller)
      const { promise, resolve, reject } = Promise.withResolvers<QueueResult>()
      const job: Job = { task, caller, group: groupOf(caller), start: resolve }
      const giveUp = () => {
        if (!queue.remove(job.group, caller.userId, job)) return
        if (caller.isCustomer) customersWaiting -= 1
        reject(overloaded())
      }
      const timeout = setTimeout(giveUp, limits.inspectionWaitMs)
      const { signal } = caller
      signal?.addEventListener('abort', giveUp)
      if (signal?.aborted) reject(overloaded())
      else enqueue(job)
      runNext()
      try {
        return await promise
      } finally {
        clearTimeout(timeout)
        signal?.removeEventListener('abort', giveUp)
      }
    },
  }
}

async function inspect(inspector: InspectorProcess, task: InspectionTask): Promise<QueueResult> {
  const beganAt = performance.now()
  let { reply, isTimeout } = await inspector.run(task)
  // An image in the same process may have crashed it; retry the cheap task once.
  if (reply === null && !isTimeout && task.imageType === null) ({ reply, isTimeout } = await inspector.run(task))
  return { reply, costMs: reply?.costMs ?? performance.now() - beganAt }
}

const overloaded = () => new AppError('overloaded', 'Too many uploads are waiting. Try again.', { retryAfterMs: 5_000 })
