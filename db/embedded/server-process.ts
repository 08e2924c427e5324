// One run of the server program: from its spawn until its exit was seen.

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
  /** Settles when the process is gone, with words for the log. */
  exited: Promise<string>
  pid: number | undefined
  isRunning(): boolean
  /** Asks it to write everything down and end; kills it when that takes longer than 10 s, which loses nothing committed. */
  end(): Promise<void>
}

const endPatienceMs = 10_000
/** Time to repair its files after a crash; the log they are repaired from is small. */
const startPatienceMs = 60_000
const largestOutput = 10 * 2 ** 20

/** In its own process group, so that Ctrl-C reaches Kefu alone, which ends it last. */
export function spawnServer(program: ServerProgram, layout: Layout, bufferPool: number): ServerProcess {
  rmSync(layout.socket, { force: true })
  if (existsSync(layout.output) && statSync(layout.output).size > largestOutput)
    renameSync(layout.output, `${layout.output}.old`)
  writeFileSync(layout.initStatements, initStatements, { mode: 0o600 })
  const output = openSync(layout.output, 'a', 0o600)
  const child = spawn(program.path, servingOptions(layout, bufferPool), {
    detached: true,
    env: childEnvironment(),
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  // It writes the file itself, but later: a Kefu killed meanwhile would leave it unknown.
  if (child.pid !== undefined) writeFileSync(layout.pid, `${child.pid}\n`)
  // A Kefu that ends without stopping its parts, on an error say, takes the server along.
  const endToo = () => child.kill('SIGTERM')
  process.once('exit', endToo)
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => {
      process.off('exit', endToo)
      resolve(signal ? `ended by ${signal}` : `ended with code ${code}`)
    })
  })
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  return { pid: child.pid, exited, isRunning, end: () => end(child, exited) }
}

async function end(child: ChildProcess, exited: Promise<string>): Promise<void> {
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), endPatienceMs)
  await exited
  clearTimeout(impatience)
}

/** Resolves once it answers with the settings it must have; a StartError with its last words when it ends before. */
export async function waitUntilServing(server: ServerProcess, layout: Layout): Promise<void> {
  for (const giveUpAt = performance.now() + startPatienceMs; ; await Promise.race([sleep(20), server.exited])) {
    if (!server.isRunning()) {
      throw new StartError(
        `The embedded database ${await server.exited}: ${lastError(readFileSync(layout.output, 'utf8'))} (all of it: ${layout.output})`,
      )
    }
    try {
      if (existsSync(layout.socket)) return await checkServing(layout.socket)
    } catch (error) {
      if (error instanceof StartError) throw error
    }
    if (performance.now() > giveUpAt)
      throw new StartError(`The embedded database does not answer; see ${layout.output}`)
  }
}
