// One process of the server program, from its spawn to its exit.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnvironment } from './child-environment.ts'
import type { Layout } from './layout.ts'
import { checkServing, initStatements, servingOptions } from './server-options.ts'
import { lastError } from './server-output.ts'
import type { ServerProgram } from './server-program.ts'
import { StartError } from './start-error.ts'

export interface ServerProcess {
  /** Resolves on exit with the reason, for the log. */
  exited: Promise<string>
  pid: number | undefined
  isRunning(): boolean
  /** Requests a clean shutdown; kills the process after 10 s, which loses no committed data. */
  stop(): Promise<void>
}

const stopTimeoutMs = 10_000
/** Includes recovery after a crash; the redo log is small. */
const startTimeoutMs = 60_000
const maxOutputBytes = 10 * 2 ** 20

/** In its own process group, so that Ctrl-C reaches only Kefu, which stops the server last. */
export function spawnServer(program: ServerProgram, layout: Layout, bufferPool: number): ServerProcess {
  rmSync(layout.socket, { force: true })
  if (existsSync(layout.output) && statSync(layout.output).size > maxOutputBytes)
    renameSync(layout.output, `${layout.output}.old`)
  writeFileSync(layout.initStatements, initStatements, { mode: 0o600 })
  const output = openSync(layout.output, 'a', 0o600)
  const child = spawn(program.path, servingOptions(layout, bufferPool), {
    detached: true,
    env: childEnvironment(),
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  // The server also writes it, but only later. A Kefu killed before that would leave an orphan without a pid file.
  if (child.pid !== undefined) writeFileSync(layout.pid, `${child.pid}\n`)
  // Stops the server if Kefu exits without a clean shutdown.
  const stopOnExit = () => child.kill('SIGTERM')
  process.once('exit', stopOnExit)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => {
      process.off('exit', stopOnExit)
      resolve(signal ? `ended by ${signal}` : `ended with code ${code}`)
    })
  })
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  return { pid: child.pid, exited, isRunning, stop: () => stop(child, exited) }
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill('SIGTERM')
  const killTimer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  await exited
  clearTimeout(killTimer)
}

/**
 * Resolves once the server runs with the required settings; throws a StartError with its last error if it exits first.
 */
export async function waitUntilServing(server: ServerProcess, layout: Layout): Promise<void> {
  for (const deadline = performance.now() + startTimeoutMs; ; await Promise.race([sleep(20), server.exited])) {
    if (!server.isRunning()) {
      throw new StartError(
        `The embedded database ${await server.exited}: ${lastError(readFileSync(layout.output, 'utf8'))} (see ${layout.output})`,
      )
    }
    try {
      if (existsSync(layout.socket)) return await checkServing(layout.socket)
    } catch (error) {
      if (error instanceof StartError) throw error
    }
    if (performance.now() > deadline)
      throw new StartError(`The embedded database does not answer; see ${layout.output}`)
  }
}
