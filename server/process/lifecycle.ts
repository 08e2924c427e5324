// Process lifecycle: settings, start, signals, and a shutdown in reverse order of the start, within
// serverLimits.drainMs.

import type { Logger } from 'pino'
import { DatabaseUnavailable } from '#db/core/errors.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { type Config, loadConfig } from './config.ts'
import { collectGarbageWhenIdle } from './idle-gc.ts'
import { createLog } from './log.ts'

export interface ProcessLifecycle {
  config: Config
  log: Logger
  /** Called at shutdown, the last one first. */
  shutdownHooks: (() => Promise<unknown>)[]
  /** Starts the shutdown. */
  end(code: number): void
}

/** `fields` are added to every log line. A StartError prints only its message, and so does an unavailable
 * database. */
export async function runProcess(
  start: (life: ProcessLifecycle) => Promise<void>,
  fields: Record<string, unknown> = {},
) {
  const shutdownHooks: ProcessLifecycle['shutdownHooks'] = []
  let stopping: Promise<void> | undefined
  let log: Logger | undefined

  async function stop(code: number) {
    const deadline = setTimeout(() => process.exit(1), serverLimits.drainMs)
    for (const each of shutdownHooks.reverse())
      await each().catch((error: unknown) => log?.error({ err: error }, 'shutdown hook failed'))
    clearTimeout(deadline)
    log?.info('stopped')
    process.exit(code)
  }

  const end = (code: number) => {
    stopping ??= stop(code)
  }
  // Ctrl-C may arrive twice, from the terminal and from the parent process. The second has no effect.
  const onSignal = (signal: string) => {
    log?.info({ signal }, 'stopping')
    end(0)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  try {
    const config = loadConfig()
    log = createLog(config.logLevel).child({ node: config.nodeId, ...fields })
    await start({ config, log, shutdownHooks, end })
    const idleGc = await collectGarbageWhenIdle()
    shutdownHooks.push(async () => idleGc.stop())
  } catch (error) {
    if (stopping) return
    if (error instanceof StartError || error instanceof DatabaseUnavailable) process.stderr.write(`${error.message}\n`)
    else process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    end(1)
    await stopping
  }
}
