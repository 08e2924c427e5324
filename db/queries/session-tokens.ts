// The columns of a rotating token, the same in login_sessions and customer_sessions. server/auth/rotating-token.ts
// decides what they hold.

import { sql } from 'kysely'
import { now } from '../core/clock.ts'

export interface TokenHashes {
  tokenHash: Buffer
  /** Of the token before it, whose reply may have been lost until the current token is used. */
  previousHash: Buffer | null
  /** Of other earlier tokens, with their times. */
  formerHashes: Buffer | null
}

export interface StoredTokens extends TokenHashes {
  /** When the current token was last issued. */
  rotatedAt: string
  /** The database's time. */
  now: string
}

export const tokenColumns = [
  'token_hash as tokenHash',
  'previous_hash as previousHash',
  'former_hashes as formerHashes',
  'rotated_at as rotatedAt',
  sql<string>`current_timestamp(3)`.as('now'),
] as const

/** The columns of a session whose token is replaced. */
export const replacedToken = ({ tokenHash, previousHash, formerHashes }: TokenHashes) => ({
  token_hash: tokenHash,
  previous_hash: previousHash,
  former_hashes: formerHashes,
  rotated_at: now,
})
