// A process's life: settings, a start, signals, and an orderly end in the reverse order of the start, within serverLimits.drainMs.

import type { Logger } from 'pino'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { type Config, loadConfig } from './config.ts'
import { collectGarbageWhenIdle } from './idle-gc.ts'
import { createLog } from './log.ts'

export interface ProcessLifecycle {
  config: Config
  log: Logger
  /** What the end calls, the last one first. */
  stops: (() => Promise<unknown>)[]
  /** Ends the process in order. */
  end(code: number): void
}

/** `about` stands on every line of the log. A StartError is said by its message alone. */
export async function runProcess(
  start: (life: ProcessLifecycle) => Promise<void>,
  about: Record<string, unknown> = {},
) {
  const stops: ProcessLifecycle['stops'] = []
  let stopping: Promise<void> | undefined
  let log: Logger | undefined

  async function stop(code: number) {
    const tooLong = setTimeout(() => process.exit(1), serverLimits.drainMs)
    for (const each of stops.reverse()) await each().catch((error: unknown) => log?.error({ err: error }, 'stopping'))
    clearTimeout(tooLong)
    log?.info('stopped')
    process.exit(code)
  }

  const end = (code: number) => {
    stopping ??= stop(code)
  }
  // Ctrl-C may reach us twice, from the terminal and from the process that started us: the second changes nothing.
  const onSignal = (signal: string) => {
    log?.info(`${signal}: stopping`)
    end(0)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)

  try {
    const config = loadConfig()
    log = createLog(config.logLevel).child(about)
    await start({ config, log, stops, end })
    const memory = await collectGarbageWhenIdle()
    stops.push(async () => memory.stop())
  } catch (error) {
    if (stopping) return
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`)
    else process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    end(1)
    await stopping
  }
}
