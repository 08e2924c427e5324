// Finds the embedded database of a running Kefu, for commands.

import { existsSync } from 'node:fs'
import { layoutOf } from './layout.ts'
import { databaseName, databaseUser } from './server-options.ts'
import { StartError } from './start-error.ts'

/** Throws a StartError if the Kefu that uses this directory has its database elsewhere. */
export function runningDatabase(dataDir: string): { socketPath: string; user: string; database: string } {
  const { socket } = layoutOf(dataDir)
  if (!existsSync(socket)) {
    throw new StartError(
      'The Kefu that uses this DATA_DIR has its database elsewhere: set the DATABASE_URL that it has.',
    )
  }
  return { socketPath: socket, user: databaseUser, database: databaseName }
}
