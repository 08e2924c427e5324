// The process: settings, database, app, listening, signals. Everything is stopped in the reverse order, within limits.drainMs.

import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { connectDatabase, type DatabaseAddress } from '#db/connect.ts'
import { holdDataFolder } from '#db/embedded/data-folder.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { prepareDatabase } from '#db/migrate.ts'
import { limits } from '#protocol/limits.ts'
import { createApp, type RunningApp } from './app.ts'
import { type Config, loadConfig } from './config.ts'
import { createLog } from './log.ts'
import { loadJwtSecrets } from './secrets.ts'
import { ensureFirstAdmin, isSetupNeeded, setupCode } from './setup/first-admin.ts'
import { resealIdentitySecrets } from './sites/reseal-identity-secrets.ts'

type Stop = () => Promise<unknown>

async function start(config: Config, log: Logger, stops: Stop[]): Promise<void> {
  holdDataFolder(config.dataDir)
  const jwtSecrets = loadJwtSecrets(config)
  const say = (line: string) => log.info(line)
  const address = await databaseAddress(config, say, stops)
  await prepareDatabase(address, say, { mustFlushAtCommit: config.databaseUrl === null })
  const db = connectDatabase(address)
  stops.push(() => db.destroy())
  const app = await createApp({ config, jwtSecrets, db, log })
  stops.push(() => app.stop())
  await ensureFirstAdmin(app)
  await resealIdentitySecrets(app)
  const needsSetup = await isSetupNeeded(app)
  await app.http.listen({ host: config.host, port: config.port })
  announce(app, { needsSetup }, log)
}

async function databaseAddress(config: Config, say: (line: string) => void, stops: Stop[]): Promise<DatabaseAddress> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl }
  const embedded: EmbeddedDatabase = await startEmbeddedDatabase({
    dataDir: config.dataDir,
    bufferPool: config.dbBufferPool,
    log: say,
  })
  stops.push(() => embedded.stop())
  return { socketPath: embedded.socketPath, user: embedded.user, database: embedded.database }
}

/** Asks nothing of the database: who is serving already must not end because it is away at this moment. */
function announce(app: RunningApp, { needsSetup }: { needsSetup: boolean }, log: Logger): void {
  const { config } = app
  const { port } = app.http.server.address() as AddressInfo
  const url = config.publicUrl ?? `http://${shownHost(config.host)}:${port}`
  if (config.rateLimits === false) log.warn('RATE_LIMITS is off: nobody is held back')
  log.info({ console: `${url}/console/`, demo: `${url}/demo/` }, `ready at ${url}`)
  if (isLoopback(config.host)) log.info('Only this machine can reach it; set HOST=0.0.0.0 to let others in')
  if (needsSetup) log.info(`Make the first admin here, once: ${url}/setup#${setupCode(app)}`)
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

async function main(): Promise<void> {
  const stops: Stop[] = []
  let stopping: Promise<void> | undefined
  let log: Logger | undefined

  async function stop(code: number) {
    const tooLong = setTimeout(() => process.exit(1), limits.drainMs)
    for (const each of stops.reverse()) await each().catch((error: unknown) => log?.error({ err: error }, 'stopping'))
    clearTimeout(tooLong)
    log?.info('stopped')
    process.exit(code)
  }

  // Ctrl-C may reach us twice, from the terminal and from the process that started us: the second changes nothing.
  const onSignal = (signal: string) => {
    log?.info(`${signal}: stopping`)
    stopping ??= stop(0)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  try {
    const config = loadConfig()
    log = createLog(config.logLevel)
    await start(config, log, stops)
  } catch (error) {
    if (stopping) return
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`)
    else process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    stopping = stop(1)
    await stopping
  }
}

await main()
