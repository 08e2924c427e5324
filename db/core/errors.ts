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

/**
 * The one table of error numbers, of MySQL and MariaDB alike. Any other number is a bug of ours.
 * - `conflict`: the transaction is rolled back, and running it again may succeed on the same connection
 * - `unusable`: this server or connection cannot serve now, another may; the outcome is unknown, so the connection is
 *   dropped and the transaction runs again
 * - `shortage`: out of disk, memory, locks, threads, time or account quota; the connection is usable
 * - `storage`: a shortage if the message names a full disk. Only the message has the OS error.
 */
const classes = {
  conflict: [
    1020, // snapshot conflict
    1205, // lock wait timeout
    1213, // deadlock, or a certification conflict of Galera
    1412, // table changed since the snapshot
    3101, // rolled back by group replication: certification conflict
  ],
  unusable: [
    1040, // too many connections
    1047, // Galera: the node is not prepared, or has no majority
    1053, // shutting down
    1077, // shut down normally
    1079, // aborting
    1080, // forced close of the thread
    1152, // aborted connection
    1158, // network packet: read error
    1159, // network packet: read timeout
    1160, // network packet: write error
    1161, // network packet: write timeout
    1180, // commit failed: Galera without a majority, or rejected by a plugin
    1184, // aborted connection of a new user
    1203, // max_user_connections
    1290, // --read-only or --super-read-only, during a failover
    1317, // interrupted
    1792, // read-only transaction
    1836, // read-only mode
    1927, // connection killed (MariaDB)
    3032, // offline mode
    3100, // group replication cannot certify: no majority, or the member has left
    3168, // server is not available
    3169, // session killed
    4031, // disconnected for inactivity
  ],
  shortage: [20, 28, 1021, 1037, 1038, 1041, 1114, 1129, 1135, 1206, 1226, 1461, 1637, 1969, 3024],
  storage: [3, 1005, 1026, 1030, 1180, 1878],
} as const
/** Numbers of client libraries, which proxies pass on from the server behind them (2013: lost connection). */
const isClientErrno = (errno: number) => (errno >= 2000 && errno < 3000) || (errno >= 9000 && errno < 9100)
const errnos: { readonly [Class in keyof typeof classes]: ReadonlySet<number> } = {
  conflict: new Set(classes.conflict),
  unusable: new Set(classes.unusable),
  shortage: new Set(classes.shortage),
  storage: new Set(classes.storage),
}
/** 28 no space, 122 quota, 135 file full, 189 disk full. */
const fullDisk = /\b(28|122|135|189)\b|no space left|quota exceeded/i

const driverError = (error: unknown): DriverError => (typeof error === 'object' && error !== null ? error : {})

/** The server's error number; 0 for an error that did not come from the server. */
export function errnoOf(error: unknown): number {
  return driverError(error).errno ?? 0
}

export function isTransactionConflict(error: unknown): boolean {
  return errnos.conflict.has(errnoOf(error))
}

/** The server refuses our user, password or host. */
export const isAccessDenied = (error: unknown): boolean => [1045, 1130, 1698].includes(errnoOf(error))

/**
 * Whether the connection is of no more use. A lost or refused connection has no server errno, only `fatal` or a system
 * code.
 */
export function isConnectionError(error: unknown): boolean {
  const { errno = 0, code, fatal } = driverError(error)
  if (errnos.unusable.has(errno) || isClientErrno(errno)) return !isFullDisk(error)
  return fatal === true || (/^(E[A-Z]+|PROTOCOL_[A-Z_]+|POOL_[A-Z]+)$/.test(code ?? '') && !code?.startsWith('ER_'))
}

function isFullDisk(error: unknown): boolean {
  const { errno = 0, message = '' } = driverError(error)
  return errnos.storage.has(errno) && fullDisk.test(message.slice(0, 500))
}

/** Whether the statement failed for lack of resources or on a conflict, so that it may succeed later. */
function isShortage(error: unknown): boolean {
  const errno = errnoOf(error)
  return errnos.shortage.has(errno) || errnos.conflict.has(errno) || isFullDisk(error)
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
