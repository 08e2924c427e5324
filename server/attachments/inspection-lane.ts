// Inspections of one kind, one at a time, and the fair queue in front of them. Whoever waits too long gets an answer all the same.

import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../budgets/budgets.ts'
import { AppError } from '../shared/errors.ts'
import { createFairQueue } from './fair-queue.ts'
import type { InspectorProcess } from './inspector-process.ts'
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

export interface LaneResult {
  /** null where the process died or took too long. */
  answer: InspectionAnswer | null
  costMs: number
}

export interface InspectionLane {
  /** Throws overloaded when too much waits, or when its turn does not come within limits.inspectionWaitMs. */
  run(task: InspectionTask, caller: InspectionCaller): Promise<LaneResult>
}

interface Job {
  task: InspectionTask
  caller: InspectionCaller
  group: string
  start(run: Promise<LaneResult>): void
}

/** Agents take turns as one group, so that customers cannot outnumber them. */
const groupOf = ({ isCustomer, addressGroup }: InspectionCaller) => (isCustomer ? addressGroup : 'agents')

export function createInspectionLane(inspector: InspectorProcess): InspectionLane {
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
      const { promise, resolve, reject } = Promise.withResolvers<LaneResult>()
      const job: Job = { task, caller, group: groupOf(caller), start: resolve }
      const giveUp = () => {
        if (!queue.remove(job.group, caller.userId, job)) return
        if (caller.isCustomer) customersWaiting -= 1
        reject(overloaded())
      }
      const tooLong = setTimeout(giveUp, limits.inspectionWaitMs)
      const { signal } = caller
      signal?.addEventListener('abort', giveUp)
      if (signal?.aborted) reject(overloaded())
      else enqueue(job)
      runNext()
      try {
        return await promise
      } finally {
        clearTimeout(tooLong)
        signal?.removeEventListener('abort', giveUp)
      }
    },
  }
}

async function inspect(inspector: InspectorProcess, task: InspectionTask): Promise<LaneResult> {
  const beganAt = performance.now()
  let { answer, isTimeout } = await inspector.run(task)
  // Finding a type may have lost its process to an image beside it.
  if (answer === null && !isTimeout && task.imageType === null) ({ answer, isTimeout } = await inspector.run(task))
  return { answer, costMs: answer?.costMs ?? performance.now() - beganAt }
}

const overloaded = () => new AppError('overloaded', 'Too many uploads wait to be inspected.', { retryAfterMs: 5_000 })
