// Messages of other processes that are not what they should be: dropped, and logged once per kind and interval, however many come.

import type { Logger } from 'pino'
import { serverLimits } from '#protocol/limits/server.ts'

export type RefusedKind = 'not signed' | 'too large' | 'malformed' | 'failed'

export interface RefusedMessages {
  note(kind: RefusedKind, error?: unknown): void
}

export function createRefusedMessages(log: Logger, source: string, now = () => performance.now()): RefusedMessages {
  const seen = new Map<RefusedKind, { loggedAt: number; since: number }>()
  return {
    note(kind, error) {
      const last = seen.get(kind)
      if (last && now() - last.loggedAt < serverLimits.rejectedMessageLogMs) {
        last.since += 1
        return
      }
      seen.set(kind, { loggedAt: now(), since: 0 })
      log.warn({ source, kind, alsoSinceLast: last?.since ?? 0, err: error }, 'bus message dropped')
    },
  }
}
