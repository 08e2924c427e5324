// The attacked Kefu: a real process with a 512 MB heap, default settings, rate limits on, and its own empty database.

import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, spawnChild } from '../chaos/child.ts'
import { compileCache } from '../support/compile-cache.ts'
import { startRedis } from '../support/redis.ts'
import type { BudgetChanges } from './change-budgets.ts'

export interface KefuProcess {
  host: string
  port: number
  url: string
  redisUrl: string | null
  exited: Child['exited']
  isRunning(): boolean
  outputTail(): string
  /** Lines of the log so far. */
  logLines(): number
  /** Resident memory of the process and all its children, in bytes. */
  residentBytes(): number
  stop(): Promise<void>
}

export interface KefuOptions {
  /** The folder of the server's source. */
  checkout: string
  folder: string
  databaseUrl: string
  adminPassword: string
  withRedis?: boolean
  /** Additional settings. */
  env?: Readonly<Record<string, string>>
  /** Changes of the budget table. */
  changes?: BudgetChanges
}

/** The trusted proxy address that attackers with many addresses come from. */
export const proxyAddress = '127.0.0.9'

const preload = new URL('./change-budgets.ts', import.meta.url)

let started = 0

export async function startKefuProcess(options: KefuOptions): Promise<KefuProcess> {
  const { checkout, folder, databaseUrl, adminPassword, withRedis = false, changes = {}, env = {} } = options
  const redis = withRedis ? await startRedis() : null
  const name = `kefu${++started}`
  mkdirSync(join(folder, name), { recursive: true })
  const preloadUrl = new URL(preload)
  preloadUrl.search = new URLSearchParams({ changes: JSON.stringify(changes), checkout }).toString()
  const args = [
    '--max-old-space-size=512',
    ...(Object.keys(changes).length > 0 ? ['--import', preloadUrl.href] : []),
    'server/main.ts',
  ]
  const child = spawnChild(process.execPath, args, {
    cwd: checkout,
    env: {
      ...compileCache(checkout),
      HOME: folder,
      DATABASE_URL: databaseUrl,
      DATA_DIR: join(folder, name),
      PORT: '0',
      JWT_SECRET: randomBytes(32).toString('base64url'),
      ADMIN_PASSWORD: adminPassword,
      TRUSTED_PROXIES: proxyAddress,
      ...(redis ? { REDIS_URL: redis.url } : {}),
      ...env,
    },
    outputFile: join(folder, `${name}.log`),
  })
  let lines = 0
  let url = ''
  child.onOutput((text) => {
    lines += text.split('\n').length - 1
    url ||= /ready at (http[^"\s]+)/.exec(text)?.[1] ?? ''
  })
  for (const deadline = performance.now() + 60_000; url === ''; await sleep(20)) {
    if (performance.now() > deadline || !child.isRunning()) {
      child.kill('SIGKILL')
      await redis?.stop()
      throw new Error(`Kefu is not ready: ${child.outputTail()}`)
    }
  }
  const { hostname, port } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    url,
    redisUrl: redis?.url ?? null,
    exited: child.exited,
    isRunning: child.isRunning,
    outputTail: child.outputTail,
    logLines: () => lines,
    residentBytes: () => residentBytes(child.pid),
    async stop() {
      child.kill('SIGTERM')
      const killTimer = setTimeout(() => child.kill('SIGKILL'), 12_000)
      await child.exited
      clearTimeout(killTimer)
      await redis?.stop()
    },
  }
}

function residentBytes(pid: number): number {
  try {
    const own = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
    return childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), own)
  } catch {
    // The process has ended already.
    return 0
  }
}

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
