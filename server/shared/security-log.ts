// What the log tells of who signs in, of what is refused and of changes to accounts, for an operator who looks for an attack or a stolen
// session. People and sessions are numbers here; nothing of a request is told but the pattern of its route.

import type { App } from '../context.ts'
import { countAndWrite, writeBounded } from './bounded-log.ts'

/** Every event by the name it has in the log as `event`; never renamed, since operators search for it. */
const securityEvents = {
  sign_in: { level: 'info', says: 'signed in', isBounded: false },
  sign_in_refused: { level: 'warn', says: 'refused to sign somebody in', isBounded: true },
  token_reused: { level: 'warn', says: 'ended a session whose refresh token was used twice', isBounded: false },
  identity_refused: { level: 'warn', says: 'refused the identity of a customer', isBounded: true },
  forbidden: { level: 'warn', says: 'refused what is not for this user', isBounded: true },
  account_changed: { level: 'info', says: 'changed an account', isBounded: false },
  untrusted_proxy: {
    level: 'warn',
    says: 'a peer that TRUSTED_PROXIES does not name sends forwarding headers: all callers behind it count as one address',
    isBounded: true,
  },
  metrics_refused: { level: 'warn', says: 'refused a wrong METRICS_TOKEN', isBounded: true },
  identity_secret_made: { level: 'info', says: 'made a new secret for the identities of customers', isBounded: false },
} as const

export type SecurityEvent = keyof typeof securityEvents
export const securityEventNames = Object.keys(securityEvents) as SecurityEvent[]

export interface SecurityDetails {
  /** Who did it, or tried to. */
  userId?: number | undefined
  /** Whose account was changed. */
  ofUserId?: number
  sessionId?: number
  siteId?: number
  /** A code of the closed list. */
  reason?: string
  /** A route pattern, a request's name, or which part of an account. */
  what?: string | undefined
}

/** `by` is who caused it where `userId` does not say so, such as the group of an address; it is counted by and never written. */
export function logSecurity(
  app: Pick<App, 'log' | 'rates' | 'now'>,
  event: SecurityEvent,
  details: SecurityDetails,
  by?: string,
): void {
  const { level, says, isBounded } = securityEvents[event]
  const write = () => app.log[level]({ event, ...details }, says)
  if (isBounded) writeBounded(app, { kind: event, budget: 'refusalLogLines', actor: by ?? details.userId }, write)
  else countAndWrite(app, event, write)
}
