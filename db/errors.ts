// What can go wrong between us and the database, told apart by errno (names differ between MySQL and MariaDB) and by `fatal`.

/** The database did not answer in time, or cannot be reached; nothing is known of a commit under way. Trying again may help. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

interface DriverError {
  errno?: number
  code?: string
  fatal?: boolean
}

/** Deadlock, lock wait timeout, snapshot conflict: the transaction as a whole may run again. */
const transactionConflicts = new Set([1213, 1205, 1020])
/** Too many connections, shutting down, killed, read-only (a failover under way). */
const passingTroubles = new Set([1040, 1053, 1203, 1317, 1290, 1836, 1792, 1927, 3169, 4031])

const driverError = (error: unknown): DriverError => (typeof error === 'object' && error !== null ? error : {})

/** The server's number of an error; 0 for what the server never said. */
export function errnoOf(error: unknown): number {
  return driverError(error).errno ?? 0
}

export function isTransactionConflict(error: unknown): boolean {
  return transactionConflicts.has(errnoOf(error))
}

/** A lost or refused connection carries no errno of the server at all, only `fatal` or a system code. */
export function isConnectionTrouble(error: unknown): boolean {
  const { errno, code, fatal } = driverError(error)
  if (passingTroubles.has(errno ?? 0)) return true
  return fatal === true || (/^(E[A-Z]+|PROTOCOL_[A-Z_]+|POOL_[A-Z]+)$/.test(code ?? '') && !code?.startsWith('ER_'))
}

/** How growConversations is refused. */
export function isNullRefused(error: unknown): boolean {
  return driverError(error).errno === 1048
}

export function isDuplicateKey(error: unknown): boolean {
  return driverError(error).errno === 1062
}
