// What can go wrong between us and the database, told apart by errno (names differ between MySQL and MariaDB) and by `fatal`.

/** The database did not answer in time, or cannot be reached; nothing is known of a commit under way. Trying again may help. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

/** The queue for connections is full: nothing was sent. */
export class DatabaseOverloaded extends DatabaseUnavailable {
  override name = 'DatabaseOverloaded'
}

interface DriverError {
  errno?: number
  code?: string
  fatal?: boolean
  message?: string
}

/** Deadlock, lock wait timeout, snapshot conflict: the transaction as a whole may run again. */
const transactionConflicts = new Set([1213, 1205, 1020])
/** Too many connections, shutting down, killed, read-only (a failover under way). */
const passingTroubles = new Set([1040, 1053, 1203, 1317, 1290, 1836, 1792, 1927, 3169, 4031])

/** The server lacks what the statement needs, but the connection is good: disk, memory, locks, threads, time or an account's quota. */
const shortages = new Set([
  20, 28, 1021, 1037, 1038, 1041, 1114, 1129, 1135, 1158, 1159, 1160, 1161, 1206, 1226, 1461, 1637, 1969, 3024,
])
/** A storage error of any kind. Only its text has the operating system's number: 28 no space, 122 quota, 135 file full, 189 disk full. */
const storageErrors = new Set([3, 1005, 1026, 1030, 1180])
const fullDisk = /\b(28|122|135|189)\b|no space left|quota exceeded/i

const driverError = (error: unknown): DriverError => (typeof error === 'object' && error !== null ? error : {})

/** The server's number of an error; 0 for what the server never said. */
export function errnoOf(error: unknown): number {
  return driverError(error).errno ?? 0
}

export function isTransactionConflict(error: unknown): boolean {
  return transactionConflicts.has(errnoOf(error))
}

/** A lost or refused connection carries no errno of the server at all, only `fatal` or a system code. */
export function isConnectionError(error: unknown): boolean {
  const { errno, code, fatal } = driverError(error)
  if (passingTroubles.has(errno ?? 0)) return true
  return fatal === true || (/^(E[A-Z]+|PROTOCOL_[A-Z_]+|POOL_[A-Z]+)$/.test(code ?? '') && !code?.startsWith('ER_'))
}

/** Whether the statement may succeed later, since the server was short of something or in each other's way; not a fault of ours. */
function isShortage(error: unknown): boolean {
  const { errno = 0, message = '' } = driverError(error)
  if (shortages.has(errno) || transactionConflicts.has(errno)) return true
  return storageErrors.has(errno) && fullDisk.test(message.slice(0, 500))
}

/** How a caller learns of a database that cannot serve now: the one mapping, for HTTP and sockets; null for what is a fault of ours. */
export function databaseErrorCode(error: unknown): 'overloaded' | 'unavailable' | null {
  if (error instanceof DatabaseOverloaded) return 'overloaded'
  if (error instanceof DatabaseUnavailable || isShortage(error)) return 'unavailable'
  return errnoOf(error) > 0 && isConnectionError(error) ? 'unavailable' : null
}

/** The driver gives a full queue neither a number nor a code. */
export const isQueueFull = (error: unknown) => driverError(error).message === 'Queue limit reached.'

/** How compareAndAppend is refused. */
export function isNotNullViolation(error: unknown): boolean {
  return driverError(error).errno === 1048
}

export function isDuplicateKey(error: unknown): boolean {
  return driverError(error).errno === 1062
}
