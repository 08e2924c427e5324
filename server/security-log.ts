// What the log tells of who signs in, of what is refused and of changes to accounts, for an operator who looks for an attack or a stolen
// session. People and sessions are numbers here; nothing of a request is told but the pattern of its route.

import type { App } from './context.ts'

/** Every event by the name it has in the log as `event`; never renamed, since operators search for it. */
const securityEvents = {
  sign_in: { level: 'info', says: 'signed in', isBounded: false },
  sign_in_refused: { level: 'warn', says: 'refused to sign somebody in', isBounded: true },
  token_reused: { level: 'warn', says: 'ended a session whose refresh token was used twice', isBounded: false },
  identity_refused: { level: 'warn', says: 'refused the identity of a customer', isBounded: true },
  forbidden: { level: 'warn', says: 'refused what is not for this user', isBounded: true },
  account_changed: { level: 'info', says: 'changed an account', isBounded: false },
  identity_secret_made: { level: 'info', says: 'made a new secret for the identities of customers', isBounded: false },
} as const

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

/** Of each kind that a stranger can cause, budgets.refusalLines are told: a flood fills no disk, and /metrics counts the rest. */
export function logSecurity(
  { log, rates }: Pick<App, 'log' | 'rates'>,
  event: keyof typeof securityEvents,
  details: SecurityDetails,
): void {
  const { level, says, isBounded } = securityEvents[event]
  if (isBounded && !rates.tryConsume('refusalLines', event)) return
  log[level]({ event, ...details }, says)
}
