// Entry point of the inspector process: one reply per task, at the lowest priority. It finds types while an image is
// decoded, since decoders use another thread.

import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { serverLimits } from '#protocol/limits/server.ts'
import { findType, type InspectionRequest, type InspectionResult } from './inspect-file.ts'

/** Without imageType, the task is to find the type. */
export interface InspectionTask {
  request: InspectionRequest
  imageType: string | null
}

export interface InspectionReply {
  id: number
  /** Reply to a task without imageType: the type, or null if it may not be attached. */
  mimeType: string | null
  /** Reply to an image. */
  result: InspectionResult | null
  /** Milliseconds of processor time. */
  costMs: number
  residentBytes: number
}

setPriority(19)
try {
  // When memory runs out, Linux kills this process and not the server.
  writeFileSync('/proc/self/oom_score_adj', '1000')
} catch {
  // Not Linux.
}
// Measures decoders while they run.
setInterval(() => {
  if (process.memoryUsage.rss() > serverLimits.inspectorMemoryBytes) process.exit(1)
}, serverLimits.inspectorMemoryCheckMs)
// The parent handles Ctrl-C.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
process.on('message', async ({ id, ...task }: InspectionTask & { id: number }) => {
  const before = process.cpuUsage()
  const reply = await inspect(task)
  const { user, system } = process.cpuUsage(before)
  process.send?.({ ...reply, id, costMs: (user + system) / 1_000, residentBytes: process.memoryUsage.rss() })
})

async function inspect({ request, imageType }: InspectionTask): Promise<Pick<InspectionReply, 'mimeType' | 'result'>> {
  if (imageType === null) return { mimeType: await findType(request), result: null }
  // Loaded on demand: sharp is large.
  const { inspectImage } = await import('./inspect-image.ts')
  return { mimeType: imageType, result: await inspectImage(request, imageType) }
}
