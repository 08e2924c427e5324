// Turns the error of a first connection into the line that helps: what to correct, or that the database is away.

import type { PoolOptions } from 'mysql2'
import { StartError } from '../embedded/start-error.ts'
import { DatabaseUnavailable, errnoOf, isAccessDenied, isConnectionError } from './errors.ts'

/** MySQL, and MariaDB, which has it since 11: the server accepts TLS alone. */
const secureTransportRequired = [3159, 4206]
/** The driver uses this code for whatever ends a TLS handshake, a lost connection included. */
const tlsFailure = 'HANDSHAKE_SSL_ERROR'
const lostConnection = /disconnected before|ECONN|EPIPE|hang up|timed? ?out/i

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** A StartError for what the operator must correct, DatabaseUnavailable for what may pass, else the error itself. */
export function explainConnectError(error: unknown, options: Pick<PoolOptions, 'ssl' | 'socketPath'> = {}): unknown {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown }
  const isPlain = options.ssl === undefined && options.socketPath === undefined
  const message = messageOf(error)
  if (secureTransportRequired.includes(errnoOf(error)))
    return new StartError(`The database server requires TLS: add ?tls=true or ?ca=/path to DATABASE_URL (${message})`)
  if (isAccessDenied(error)) {
    const hint = isPlain ? ' If the server requires TLS, add ?tls=true or ?ca=/path to DATABASE_URL.' : ''
    return new StartError(`The database server refuses us: ${message}.${hint}`)
  }
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return new StartError('The database server does not offer TLS, which DATABASE_URL asks for.')
  if (code === tlsFailure && !lostConnection.test(message))
    return new StartError(
      `TLS with the database server failed: ${message}. DATABASE_URL may name its CA with ?ca=/path.`,
    )
  if (!isConnectionError(error)) return error
  return new DatabaseUnavailable(`cannot reach the database: ${message}`, { cause: error })
}
