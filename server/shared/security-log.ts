// Security events: sign-ins, refusals and account changes, for an operator who looks for an attack or a stolen session.
// They hold ids and route patterns, and nothing else of a request.

import type { App } from '../context.ts'
import { countAndWrite, writeBounded } from './bounded-log.ts'

/** Events by their `event` field in the log. Never rename one: operators search for it. */
const securityEvents = {
  sign_in: { level: 'info', message: 'signed in', isBounded: false },
  sign_in_refused: { level: 'warn', message: 'sign-in refused', isBounded: true },
  token_reused: { level: 'warn', message: 'refresh token reused, session revoked', isBounded: false },
  identity_refused: { level: 'warn', message: 'customer identity refused', isBounded: true },
  forbidden: { level: 'warn', message: 'request forbidden', isBounded: true },
  account_changed: { level: 'info', message: 'account changed', isBounded: false },
  untrusted_proxy: {
    level: 'warn',
    message: 'forwarding headers from a peer outside TRUSTED_PROXIES: all callers behind it count as one address',
    isBounded: true,
  },
  metrics_refused: { level: 'warn', message: 'wrong METRICS_TOKEN', isBounded: true },
  identity_secret_made: { level: 'info', message: 'identity secret created', isBounded: false },
} as const

export type SecurityEvent = keyof typeof securityEvents
export const securityEventNames = Object.keys(securityEvents) as SecurityEvent[]

export interface SecurityDetails {
  /** Who did it or tried to. */
  userId?: number | undefined
  /** Owner of the changed account. */
  ofUserId?: number
  sessionId?: number
  siteId?: number
  /** A code of the closed list. */
  reason?: string
  /** A route pattern, a request name, or the changed part of an account. */
  what?: string | undefined
}

/** `by` selects the actor's budget where `userId` is absent, such as an address group. It is never logged. */
export function logSecurity(
  app: Pick<App, 'log' | 'rates' | 'now'>,
  event: SecurityEvent,
  details: SecurityDetails,
  by?: string,
): void {
  const { level, message, isBounded } = securityEvents[event]
  const write = () => app.log[level]({ event, ...details }, message)
  if (isBounded) writeBounded(app, { kind: event, budget: 'refusalLogLines', actor: by ?? details.userId }, write)
  else countAndWrite(app, event, write)
}
