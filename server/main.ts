// The process that is started: prepares, then serves, by itself or with workers, and says where.

import type { AddressInfo } from 'node:net'
import { connectDatabase } from '#db/core/connect.ts'
import { startWorkers } from './cluster/workers/primary.ts'
import { type ProcessLifecycle, runProcess } from './process/lifecycle.ts'
import { setupCode } from './setup/first-admin.ts'
import { type Prepared, prepare } from './startup.ts'

async function serveAlone(
  { config, log, shutdownHooks }: ProcessLifecycle,
  { address, jwtSecrets }: Prepared,
): Promise<number> {
  // A primary of workers serves nobody, and is a third smaller without all this.
  const { createApp } = await import('./app.ts')
  const db = connectDatabase(address)
  shutdownHooks.push(() => db.destroy())
  const app = await createApp({ config, jwtSecrets, db, log })
  shutdownHooks.push(() => app.stop())
  await app.http.listen({ host: config.host, port: config.port })
  return (app.http.server.address() as AddressInfo).port
}

/** Asks nothing of the database: who is serving already must not end because it is away at this moment. */
function announce({ config, log }: ProcessLifecycle, { jwtSecrets, needsSetup }: Prepared, port: number): void {
  const url = config.publicUrl ?? `http://${shownHost(config.host)}:${port}`
  if (config.rateLimits === false) log.warn('RATE_LIMITS is off: nobody is held back')
  const isDemoShown = config.publicUrl === null || config.demo
  log.info({ console: `${url}/console/`, ...(isDemoShown && { demo: `${url}/demo/` }) }, `ready at ${url}`)
  if (isLoopback(config.host)) log.info('Only this machine can reach it; set HOST=0.0.0.0 to let others in')
  if (needsSetup) log.info(`Make the first admin here, once: ${url}/setup#${setupCode({ jwtSecrets })}`)
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')

function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

await runProcess(async (life) => {
  const prepared = await prepare(life)
  const port = await (life.config.workers === 1 ? serveAlone(life, prepared) : startWorkers(life, prepared))
  announce(life, prepared, port)
})
