// What an upload is. Its type is found first, which takes milliseconds; then images are decoded, one at a time, in a lane of their own, so
// that a PDF never waits behind an image. What images cost is counted against their customer and address.

import type { Logger } from 'pino'
import type { RateLimiter } from '../budgets/rate-limiter.ts'
import { type InspectionRequest, type InspectionResult, imageTypes } from './inspect-file.ts'
import { createInspectionLane, type InspectionCaller, type LaneResult } from './inspection-lane.ts'
import { createInspectorProcess } from './inspector-process.ts'

export interface UploadInspector {
  /** Throws overloaded or rate_limited. What crashes or hangs the process is found broken. */
  inspect(request: InspectionRequest, caller: InspectionCaller): Promise<InspectionResult>
  stop(): void
}

const broken: InspectionResult = { kind: 'refused', why: 'broken' }

export function createUploadInspector(log: Logger, rates: RateLimiter): UploadInspector {
  const inspector = createInspectorProcess(log)
  const types = createInspectionLane(inspector)
  const images = createInspectionLane(inspector)

  function charge({ isCustomer, userId, addressGroup }: InspectionCaller, { costMs }: LaneResult): void {
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
    const result = await images.run({ request, imageType }, caller)
    charge(caller, result)
    return result.answer?.finding ?? broken
  }

  return {
    async inspect(request, caller) {
      const found = await types.run({ request, imageType: null }, caller)
      if (found.answer === null) {
        charge(caller, found)
        return broken
      }
      const { mimeType } = found.answer
      if (mimeType === null) return { kind: 'refused', why: 'type' }
      return imageTypes.has(mimeType) ? inspectImage(request, mimeType, caller) : { kind: 'file', mimeType }
    },
    stop: () => inspector.end(),
  }
}
