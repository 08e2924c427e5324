// The process that inspects uploads: one answer for each task, with the lowest priority, so that it never slows the chat down. Types are
// found while an image is decoded, since decoders work on another thread.

import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { serverLimits } from '#protocol/limits/server.ts'
import { findType, type InspectionRequest, type InspectionResult } from './inspect-file.ts'

/** Without a type, the type is what is asked. */
export interface InspectionTask {
  request: InspectionRequest
  imageType: string | null
}

export interface InspectionAnswer {
  id: number
  /** Of a task without a type: the type, null for what may not be attached. */
  mimeType: string | null
  /** Of an image. */
  finding: InspectionResult | null
  /** Milliseconds of processor time. */
  costMs: number
  residentBytes: number
}

setPriority(19)
try {
  // Where memory runs out, Linux ends this process and not the server.
  writeFileSync('/proc/self/oom_score_adj', '1000')
} catch {
  // Another system.
}
// What decoders take is seen here, while they work.
setInterval(() => {
  if (process.memoryUsage.rss() > serverLimits.inspectorMemoryBytes) process.exit(1)
}, serverLimits.inspectorMemoryCheckMs)
// Ctrl-C is the parent's to act upon.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
process.on('message', async ({ id, ...task }: InspectionTask & { id: number }) => {
  const before = process.cpuUsage()
  const answer = await inspect(task)
  const { user, system } = process.cpuUsage(before)
  process.send?.({ ...answer, id, costMs: (user + system) / 1_000, residentBytes: process.memoryUsage.rss() })
})

async function inspect({
  request,
  imageType,
}: InspectionTask): Promise<Pick<InspectionAnswer, 'mimeType' | 'finding'>> {
  if (imageType === null) return { mimeType: await findType(request), finding: null }
  // Loaded where there is an image: the library is large.
  const { inspectImage } = await import('./inspect-image.ts')
  return { mimeType: imageType, finding: await inspectImage(request, imageType) }
}
