// Logs rejected messages of other processes, at most once per kind and interval.

import type { Logger } from 'pino'
import { serverLimits } from '#protocol/limits/server.ts'

export type RejectionKind = 'not signed' | 'replayed' | 'too large' | 'malformed' | 'failed'

export interface RejectedMessages {
  count(kind: RejectionKind, error?: unknown): void
}

export function createRejectedMessages(log: Logger, source: string, now = () => performance.now()): RejectedMessages {
  const entries = new Map<RejectionKind, { loggedAt: number; countSince: number }>()
  return {
    count(kind, error) {
      const last = entries.get(kind)
      if (last && now() - last.loggedAt < serverLimits.rejectedMessageLogMs) {
        last.countSince += 1
        return
      }
      entries.set(kind, { loggedAt: now(), countSince: 0 })
      log.warn({ source, kind, alsoSinceLast: last?.countSince ?? 0, err: error }, 'bus message dropped')
    },
  }
}
