// Entry point: prepares the database, then serves alone or with workers, and logs the URL.

import type { AddressInfo } from 'node:net'
import { connectDatabase } from '#db/core/connect.ts'
import { startWorkers } from './cluster/workers/primary.ts'
import { type ProcessLifecycle, runProcess } from './process/lifecycle.ts'
import { logServerProblem } from './process/log.ts'
import { setupCode } from './setup/first-admin.ts'
import { type Prepared, prepare } from './startup.ts'

async function serveAlone(
  { config, log, shutdownHooks }: ProcessLifecycle,
  { address, jwtSecrets }: Prepared,
): Promise<number> {
  // Imported on demand: a primary with workers serves no requests, and needs a third less memory without it.
  const { createApp } = await import('./app.ts')
  const db = connectDatabase(address, { onServerProblem: logServerProblem(log) })
  shutdownHooks.push(() => db.destroy())
  const app = await createApp({ config, jwtSecrets, db, log })
  shutdownHooks.push(() => app.stop())
  await app.http.listen({ host: config.host, port: config.port })
  return (app.http.server.address() as AddressInfo).port
}

/** Runs no query: a process that already serves must not end because the database is unavailable. */
function announce({ config, log }: ProcessLifecycle, { jwtSecrets, needsSetup }: Prepared, port: number): void {
  const url = config.publicUrl ?? `http://${displayHost(config.host)}:${port}`
  if (config.rateLimits === false) log.warn('rate limiting is disabled (RATE_LIMITS=off)')
  const isDemoPublic = config.publicUrl === null || config.demo
  log.info({ console: `${url}/console/`, ...(isDemoPublic && { demo: `${url}/demo/` }) }, `ready at ${url}`)
  if (isLoopback(config.host)) log.info('reachable only from this machine; set HOST=0.0.0.0 to allow others')
  if (needsSetup) log.info(`Make the first admin here, once: ${url}/setup#${setupCode({ jwtSecrets })}`)
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')

function displayHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

await runProcess(async (lifecycle) => {
  const prepared = await prepare(lifecycle)
  const port = await (lifecycle.config.workers === 1
    ? serveAlone(lifecycle, prepared)
    : startWorkers(lifecycle, prepared))
  announce(lifecycle, prepared, port)
})
