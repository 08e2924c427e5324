// Database errors, classified by errno (error names differ between MySQL and MariaDB) and by `fatal`.

/** The database timed out or is unreachable, so the outcome of a pending commit is unknown. Retrying may help. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

/** The connection queue is full; no statement was sent. */
export class DatabaseOverloaded extends DatabaseUnavailable {
  override name = 'DatabaseOverloaded'
}

interface DriverError {
  errno?: number
  code?: string
  fatal?: boolean
  message?: string
}

/** Deadlock, lock wait timeout, snapshot conflict: the whole transaction may be retried. */
const transactionConflicts = new Set([1213, 1205, 1020])
/** Too many connections, shutting down, killed, read-only (during a failover). */
const transientErrors = new Set([1040, 1053, 1203, 1317, 1290, 1836, 1792, 1927, 3169, 4031])

/** The server is out of disk, memory, locks, threads, time or account quota; the connection itself is usable. */
const shortages = new Set([
  20, 28, 1021, 1037, 1038, 1041, 1114, 1129, 1135, 1158, 1159, 1160, 1161, 1206, 1226, 1461, 1637, 1969, 3024,
])
/** Storage errors. Only the message has the OS error: 28 no space, 122 quota, 135 file full, 189 disk full. */
const storageErrors = new Set([3, 1005, 1026, 1030, 1180])
const fullDisk = /\b(28|122|135|189)\b|no space left|quota exceeded/i

const driverError = (error: unknown): DriverError => (typeof error === 'object' && error !== null ? error : {})

/** The server's error number; 0 for an error that did not come from the server. */
export function errnoOf(error: unknown): number {
  return driverError(error).errno ?? 0
}

export function isTransactionConflict(error: unknown): boolean {
  return transactionConflicts.has(errnoOf(error))
}

/** A lost or refused connection has no server errno, only `fatal` or a system code. */
export function isConnectionError(error: unknown): boolean {
  const { errno, code, fatal } = driverError(error)
  if (transientErrors.has(errno ?? 0)) return true
  return fatal === true || (/^(E[A-Z]+|PROTOCOL_[A-Z_]+|POOL_[A-Z]+)$/.test(code ?? '') && !code?.startsWith('ER_'))
}

/** Whether the statement failed for lack of resources or on a conflict, so that it may succeed later. */
function isShortage(error: unknown): boolean {
  const { errno = 0, message = '' } = driverError(error)
  if (shortages.has(errno) || transactionConflicts.has(errno)) return true
  return storageErrors.has(errno) && fullDisk.test(message.slice(0, 500))
}

/** The error code for a database that cannot serve now, over HTTP and sockets; null if the error is a bug of ours. */
export function databaseErrorCode(error: unknown): 'overloaded' | 'unavailable' | null {
  if (error instanceof DatabaseOverloaded) return 'overloaded'
  if (error instanceof DatabaseUnavailable || isShortage(error)) return 'unavailable'
  return errnoOf(error) > 0 && isConnectionError(error) ? 'unavailable' : null
}

/** The driver reports a full queue by message only. */
export const isQueueFull = (error: unknown) => driverError(error).message === 'Queue limit reached.'

/** compareAndAppend fails with this error when its condition does not hold. */
export function isNotNullViolation(error: unknown): boolean {
  return driverError(error).errno === 1048
}

/** A row that is referenced, or one that refers to a missing row. */
export function isForeignKeyViolation(error: unknown): boolean {
  return [1451, 1452].includes(errnoOf(error))
}

export function isDuplicateKey(error: unknown): boolean {
  return driverError(error).errno === 1062
}
