// One Kefu process of the run (`node server/main.ts`), restarted whenever it exits, like under a service manager.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compileCache } from '../support/compile-cache.ts'
import { workersOf } from '../support/server-process.ts'
import { type Child, spawnChild } from './child.ts'
import type { Journal } from './journal.ts'

export interface ChaosNode {
  url: string
  /** Sends SIGKILL to the process, or to the primary of its workers. The node restarts by itself. */
  kill(): void
  /** Sends SIGKILL to the primary and all workers. */
  killAll(): void
  /** The process ids of its workers. */
  workers(): number[]
  /** Resolves when every worker is ready and none has this process id. */
  replaced(pid: number): Promise<void>
  freeze(): void
  thaw(): void
  /** Sends SIGTERM, as an orderly restart does. */
  restart(): void
  /** Resolves when the node has logged that it is ready. */
  ready(): Promise<void>
  stop(): Promise<void>
}

export interface NodeOptions {
  name: string
  /** The folder of the server's source. */
  source: string
  /** The folder of its DATA_DIR and its output. */
  folder: string
  port: number
  env: Record<string, string>
  journal: Journal
}

export function startNode({ name, source, folder, port, env, journal }: NodeOptions): ChaosNode {
  const dataDir = join(folder, name)
  mkdirSync(dataDir, { recursive: true })
  let isStopping = false
  let isReady = false
  let isAsked = false
  let child = spawn()

  function spawn(): Child {
    isReady = false
    isAsked = false
    const started = spawnChild(process.execPath, ['server/main.ts'], {
      cwd: source,
      env: { ...compileCache(source), ...env, DATA_DIR: dataDir, PORT: String(port), NODE_ID: name },
      outputFile: join(folder, `${name}.log`),
    })
    started.onOutput((text) => {
      if (text.includes('ready at http')) isReady = true
    })
    return started
  }

  const supervised = (async () => {
    for (;;) {
      const { code, signal } = await child.exited
      if (isStopping) return
      // Before it is ready, a node may exit because the database is down.
      if (isReady && !isAsked) {
        journal.violation(`${name} ended by itself (${signal ?? code}): ${child.outputTail().slice(-600)}`)
      }
      await sleep(50)
      if (isStopping) return
      child = spawn()
    }
  })()

  const url = `http://127.0.0.1:${port}`
  async function waitUntil(condition: () => boolean | Promise<boolean>) {
    for (const giveUpAt = performance.now() + 60_000; !(await condition()); await sleep(10)) {
      if (performance.now() > giveUpAt) throw new Error(`${name} is not ready: ${child.outputTail()}`)
    }
  }

  /** Marks the exit as caused by the test. */
  const end = (kill: () => void) => {
    isAsked = true
    isReady = false
    kill()
  }

  return {
    url,
    kill: () => end(() => child.kill('SIGKILL')),
    killAll: () =>
      end(() => {
        for (const pid of workersOf(child.pid)) process.kill(pid, 'SIGKILL')
        child.kill('SIGKILL')
      }),
    workers: () => workersOf(child.pid),
    replaced: (pid) =>
      waitUntil(async () => {
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
        const { workers } = answer?.ok ? await answer.json() : {}
        return workers !== undefined && workers.ready === workers.of && !workersOf(child.pid).includes(pid)
      }),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    restart: () => end(() => child.kill('SIGTERM')),
    ready: () => waitUntil(() => isReady && child.isRunning()),
    async stop() {
      isStopping = true
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      const killTimer = setTimeout(() => child.kill('SIGKILL'), 12_000)
      await supervised
      clearTimeout(killTimer)
    },
  }
}
