// Counts refused handshakes and terminated connections by reason, for /metrics. The log is bounded;
// these counts are not.

export const refusalReasons = [
  'invalid_request',
  'forbidden',
  'unauthorized',
  'rate_limited',
  'overloaded',
  'handshake_timeout',
  'foreign_session',
  'packets',
  'control_frames',
  'connects',
  'bytes',
  'requests',
  'slow',
  'stalled',
] as const

export type RefusalReason = (typeof refusalReasons)[number]

export interface RefusedSockets {
  count(reason: RefusalReason): void
  entries(): [reason: RefusalReason, count: number][]
}

export function createRefusedSockets(): RefusedSockets {
  const counts = new Map<RefusalReason, number>(refusalReasons.map((reason) => [reason, 0]))
  return {
    count: (reason) => void counts.set(reason, (counts.get(reason) ?? 0) + 1),
    entries: () => [...counts],
  }
}
