// What one process of a machine does before anyone is served: it holds the data folder, has the secrets, the database and the first admin.

import { connectDatabase, type DatabaseAddress } from '#db/core/connect.ts'
import { lockDataDirectory } from '#db/embedded/data-directory.ts'
import { startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { countConnectionsAllowed } from '#db/queries/health.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import type { ProcessLifecycle } from './process/lifecycle.ts'
import { loadJwtSecrets } from './process/secrets.ts'
import { ensureFirstAdmin, isSetupNeeded } from './setup/first-admin.ts'
import { resealIdentitySecrets } from './sites/reseal-identity-secrets.ts'

/** Whatever serves needs to know beside the settings. */
export interface Prepared {
  address: DatabaseAddress
  /** What the database's server allows in all. */
  connectionsAllowed: number
  jwtSecrets: string[]
  needsSetup: boolean
}

export async function prepare({ config, log, shutdownHooks }: ProcessLifecycle): Promise<Prepared> {
  lockDataDirectory(config.dataDir)
  const jwtSecrets = loadJwtSecrets(config)
  const say = (line: string) => log.info(line)
  const address = await databaseAddress({ config, shutdownHooks }, say)
  await prepareDatabase(address, say, { mustFlushAtCommit: config.databaseUrl === null })
  const db = connectDatabase(address, { connections: 1 })
  try {
    const parts = { db, config, log, jwtSecrets }
    await ensureFirstAdmin(parts)
    await resealIdentitySecrets(parts)
    // Asked before anyone is served: who serves already must not end because the database is away at that moment.
    const needsSetup = await isSetupNeeded(parts)
    return { address, connectionsAllowed: await countConnectionsAllowed(db), jwtSecrets, needsSetup }
  } finally {
    await db.destroy()
  }
}

async function databaseAddress(
  { config, shutdownHooks }: Pick<ProcessLifecycle, 'config' | 'shutdownHooks'>,
  say: (line: string) => void,
) {
  if (config.databaseUrl !== null) return { url: config.databaseUrl }
  const { dataDir, dbBufferPool: bufferPool } = config
  const embedded = await startEmbeddedDatabase({ dataDir, bufferPool, log: say })
  shutdownHooks.push(() => embedded.stop())
  return { socketPath: embedded.socketPath, user: embedded.user, database: embedded.database }
}
