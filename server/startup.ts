// Startup before serving: locks the data directory, loads the secrets, prepares the database and creates the first
// admin.

import { connectDatabase, type DatabaseAddress } from '#db/core/connect.ts'
import { readTlsOptions } from '#db/core/tls-options.ts'
import { lockDataDirectory } from '#db/embedded/data-directory.ts'
import { startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { countConnectionsAllowed } from '#db/queries/health.ts'
import { assertSingleWriter } from '#db/schema/check-writers.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { uploadsFolder } from './attachments/attachments.ts'
import { findUploadsProblem } from './attachments/uploads-check.ts'
import { reportPasswordHashes } from './auth/report-password-hashes.ts'
import { settings } from './process/config.ts'
import type { ProcessLifecycle } from './process/lifecycle.ts'
import { loadJwtSecrets } from './process/secrets.ts'
import { waitForDatabase } from './process/wait-for-database.ts'
import { ensureFirstAdmin, isSetupNeeded } from './setup/first-admin.ts'
import { resealIdentitySecrets } from './sites/reseal-identity-secrets.ts'
import { normalizeUsernames } from './users/normalize-usernames.ts'

/** What the serving process needs besides the settings. */
export interface Prepared {
  address: DatabaseAddress
  /** max_connections of the database server. */
  connectionsAllowed: number
  jwtSecrets: string[]
  needsSetup: boolean
}

export async function prepare(lifecycle: ProcessLifecycle): Promise<Prepared> {
  const { config, log, shutdownHooks } = lifecycle
  lockDataDirectory(config.dataDir)
  const uploadsProblem = await findUploadsProblem(uploadsFolder(config))
  if (uploadsProblem !== null) throw new StartError(`${uploadsProblem} Make it writable for the user that runs Kefu.`)
  const jwtSecrets = loadJwtSecrets(config)
  const report = (line: string) => log.info(line)
  warnOfUnverifiedServers({ config, log })
  const address = await databaseAddress({ config, shutdownHooks }, report)
  return waitForDatabase(lifecycle, async () => {
    await prepareDatabase(address, report, { mustFlushAtCommit: config.databaseUrl === null })
    if (config.databaseUrl !== null) await assertSingleWriter(address)
    return prepareInstallation({ config, log, jwtSecrets, address })
  })
}

async function prepareInstallation({
  config,
  log,
  jwtSecrets,
  address,
}: Pick<ProcessLifecycle, 'config' | 'log'> & Pick<Prepared, 'jwtSecrets' | 'address'>): Promise<Prepared> {
  const db = connectDatabase(address, { connections: 1 })
  try {
    const parts = { db, config, log, jwtSecrets }
    await normalizeUsernames(parts)
    await ensureFirstAdmin(parts)
    await reportPasswordHashes(parts)
    await resealIdentitySecrets(parts)
    // Queried before serving starts: later, an unavailable database must not end the process.
    const needsSetup = await isSetupNeeded(parts)
    return { address, connectionsAllowed: await countConnectionsAllowed(db), jwtSecrets, needsSetup }
  } finally {
    await db.destroy()
  }
}

function warnOfUnverifiedServers({ config, log }: Pick<ProcessLifecycle, 'config' | 'log'>): void {
  for (const name of ['databaseUrl', 'redisUrl'] as const) {
    const url = config[name]
    if (url !== null && readTlsOptions(new URL(url).searchParams)?.isVerified === false)
      log.warn(
        `${settings[name].name} has tls=unverified: whoever is between Kefu and that server can read and change all`,
      )
  }
}

async function databaseAddress(
  { config, shutdownHooks }: Pick<ProcessLifecycle, 'config' | 'shutdownHooks'>,
  report: (line: string) => void,
) {
  if (config.databaseUrl !== null) return { url: config.databaseUrl }
  const { dataDir, dbBufferPool: bufferPool } = config
  const embedded = await startEmbeddedDatabase({ dataDir, bufferPool, log: report })
  shutdownHooks.push(() => embedded.stop())
  return { socketPath: embedded.socketPath, user: embedded.user, database: embedded.database }
}
