// Starts the measured servers as real processes on 127.0.0.1: Kefu as `npm start` runs it, with its own embedded
// database, the bare relay and the durable relay.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { layoutOf } from '#db/embedded/layout.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface RunningServer {
  url: URL
  pid: number
  /** From the process's start to its ready line. */
  readyMs: number
  stop(): Promise<void>
}

export interface RunningKefu extends RunningServer {
  databasePid: number
  databaseSocket: string
  adminPassword: string
}

export interface KefuOptions {
  /** Kept after the stop, for another start. Without it Kefu gets a new directory, removed at the end. */
  dataDir?: string
  nodeOptions?: readonly string[]
  bufferPool?: string
}

const adminPassword = 'for-the-benchmark-alone'

export const newDataDir = (): Promise<string> => mkdtemp(join(tmpdir(), 'kefu-bench-'))

export async function startKefu(options: KefuOptions = {}): Promise<RunningKefu> {
  const dataDir = options.dataDir ?? (await newDataDir())
  const server = await startServer([...(options.nodeOptions ?? []), 'bootstrap.mjs', 'server/main.ts'], {
    DATA_DIR: dataDir,
    PORT: '0',
    RATE_LIMITS: 'off',
    ADMIN_PASSWORD: adminPassword,
    DB_BUFFER_POOL: options.bufferPool ?? '1G',
  })
  const layout = layoutOf(dataDir)
  const databasePid = Number(readFileSync(layout.pid, 'utf8'))
  return {
    ...server,
    databasePid,
    databaseSocket: layout.socket,
    adminPassword,
    async stop() {
      await server.stop()
      await ended(databasePid)
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true })
    },
  }
}

/** On a busy machine the database may outlive its Kefu's drain deadline. */
async function ended(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await sleep(20)
}

export const startRelay = (nodeOptions: readonly string[] = []): Promise<RunningServer> =>
  startServer([...nodeOptions, 'bench/relay.ts'], {})

/** Stores its messages in its own database on that server. */
export const startDurableRelay = (databaseSocket: string): Promise<RunningServer> =>
  startServer(['bench/durable-relay.ts', databaseSocket], {})

async function startServer(args: string[], env: Record<string, string>): Promise<RunningServer> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stopOnExit = () => child.kill('SIGTERM')
  process.once('exit', stopOnExit)
  const url = await readyUrl(child, args)
  return {
    url: new URL(url),
    pid: child.pid as number,
    readyMs: performance.now() - startedAt,
    async stop() {
      child.kill('SIGTERM')
      await exited
      process.off('exit', stopOnExit)
    },
  }
}

function readyUrl(child: ChildProcess, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // Keep reading, so that the child never blocks on a full pipe.
      if (output.length > 100_000) return
      output += text
      const url = /ready at (http[^"\s]+)/.exec(output)?.[1]
      if (url) resolve(url)
    })
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}:\n${output}`)))
  })
}
