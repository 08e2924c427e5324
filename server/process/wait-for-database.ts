// A start outlives a database that is away, read-only or still recovering: it tries again for DATABASE_WAIT, with one
// line per serverLimits.databaseWaitLineMs.

import { setTimeout as sleep } from 'node:timers/promises'
import { databaseErrorCode } from '#db/core/errors.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { ProcessLifecycle } from './lifecycle.ts'

/** The work must be safe to run again. Throws a StartError when the time is over, and any other error immediately. */
export async function waitForDatabase<T>(
  { config, log }: Pick<ProcessLifecycle, 'config' | 'log'>,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + config.databaseWait * 1000
  for (let nextLine = 0; ; ) {
    try {
      return await work()
    } catch (error) {
      if (databaseErrorCode(error) === null) throw error
      const now = performance.now()
      if (now >= deadline)
        throw new StartError(`The database was not available within ${config.databaseWait} s: ${reasonOf(error)}`)
      if (now >= nextLine) {
        log.warn(`waiting for the database: ${reasonOf(error)}`)
        nextLine = now + serverLimits.databaseWaitLineMs
      }
      await sleep(Math.min(serverLimits.databaseWaitRetryMs, deadline - now))
    }
  }
}

/** The first cause in one line. Messages of the driver name the server, and no content before Kefu serves. */
function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause === undefined || message.includes(': ') ? message.replaceAll('\n', ' ') : reasonOf(cause)
}
