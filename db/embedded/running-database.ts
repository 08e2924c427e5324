// The embedded database of a Kefu that is running now, for a command beside it.

import { existsSync } from 'node:fs'
import { layoutOf } from './layout.ts'
import { databaseName, databaseUser } from './server-options.ts'
import { StartError } from './start-error.ts'

/** Throws a StartError when the Kefu that has this folder keeps its messages elsewhere. */
export function runningDatabase(dataDir: string): { socketPath: string; user: string; database: string } {
  const { socket } = layoutOf(dataDir)
  if (!existsSync(socket)) {
    throw new StartError(
      'The Kefu that uses this DATA_DIR has its database elsewhere: set the DATABASE_URL that it has.',
    )
  }
  return { socketPath: socket, user: databaseUser, database: databaseName }
}
