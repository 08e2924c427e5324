// Inspects uploads. Finding a type takes milliseconds and has its own queue, so that a PDF never waits behind an image.
// Processor time of images is charged to their customer and address.

import type { Logger } from 'pino'
import type { RateLimiter } from '../budgets/rate-limiter.ts'
import { type InspectionRequest, type InspectionResult, imageTypes } from './inspect-file.ts'
import { createInspectionQueue, type InspectionCaller, type QueueResult } from './inspection-queue.ts'
import { createInspectorProcess } from './inspector-process.ts'

export interface UploadInspector {
  /** Throws overloaded or rate_limited. A file that crashes or hangs the process is refused as broken. */
  inspect(request: InspectionRequest, caller: InspectionCaller): Promise<InspectionResult>
  stop(): void
}

const broken: InspectionResult = { kind: 'refused', why: 'broken' }

export function createUploadInspector(log: Logger, rates: RateLimiter): UploadInspector {
  const inspector = createInspectorProcess(log)
  const types = createInspectionQueue(inspector)
  const images = createInspectionQueue(inspector)

  function charge({ isCustomer, userId, addressGroup }: InspectionCaller, { costMs }: QueueResult): void {
    if (!isCustomer) return
    const ms = Math.max(1, Math.ceil(costMs))
    rates.count('inspectionMsPerCustomer', userId, ms)
    rates.count('inspectionMsPerAddress', addressGroup, ms)
  }

  async function inspectImage(request: InspectionRequest, imageType: string, caller: InspectionCaller) {
    if (caller.isCustomer) {
      rates.check('inspectionMsPerCustomer', caller.userId)
      rates.check('inspectionMsPerAddress', caller.addressGroup)
    }
    const outcome = await images.run({ request, imageType }, caller)
    charge(caller, outcome)
    return outcome.reply?.result ?? broken
  }

  return {
    async inspect(request, caller) {
      const outcome = await types.run({ request, imageType: null }, caller)
      if (outcome.reply === null) {
        charge(caller, outcome)
        return broken
      }
      const { mimeType } = outcome.reply
      if (mimeType === null) return { kind: 'refused', why: 'type' }
      return imageTypes.has(mimeType) ? inspectImage(request, mimeType, caller) : { kind: 'file', mimeType }
    },
    stop: () => inspector.end(),
  }
}
