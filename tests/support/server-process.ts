// Real Kefu processes for tests: `node server/main.ts` with its own DATA_DIR and a free port. They end with their test,
// as does the embedded database of a killed process.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { compileCache } from './compile-cache.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface RunResult {
  code: number | null
  stdout: string
  stderr: string
}

export interface ServerProcess {
  pid: number
  /** Its output so far. */
  output(): string
  /** Resolves with the URL of the `ready` line; rejects with its output if it exits first. */
  ready(): Promise<string>
  kill(signal: NodeJS.Signals): void
  exited: Promise<RunResult>
}

type Env = Record<string, string>

/** A DATA_DIR that is removed after the test, when the database in it has ended. */
export async function newDataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kefu-process-'))
  onTestFinished(async () => {
    const pid = databasePid(folder)
    if (pid !== null && isRunning(pid)) process.kill(pid, 'SIGKILL')
    await until(() => !isRunning(pid))
    await rm(folder, { recursive: true })
  })
  return folder
}

/** The process id of the embedded database of this folder; null after a clean end. */
export function databasePid(dataDir: string): number | null {
  const file = join(dataDir, 'database', 'pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  return pid > 0 ? pid : null
}

export function killDatabase(dataDir: string): number {
  const pid = databasePid(dataDir)
  if (pid === null) throw new Error('no database is running')
  process.kill(pid, 'SIGKILL')
  return pid
}

/** False for a zombie that its parent has not reaped yet. */
export function isRunning(pid: number | null): boolean {
  if (pid === null) return false
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const stat = `/proc/${pid}/stat`
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'))
}

/** The process ids of a primary's current workers. */
export function workersOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid), '-f', 'server/worker.ts'], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

/** `source`: the folder of its source. */
export function startServer(dataDir: string, env: Env = {}, source = root): ServerProcess {
  return asServer(run(process.execPath, ['server/main.ts'], { DATA_DIR: dataDir, PORT: '0', ...env }, source))
}

/** The same through `npm start`, as a process group; signals go to npm. */
export function startWithNpm(dataDir: string): ServerProcess {
  return asServer(run('npm', ['start'], { DATA_DIR: dataDir, PORT: '0' }, root, { detached: true }))
}

function asServer({ child, exited, output, killAll }: ReturnType<typeof run>): ServerProcess {
  onTestFinished(async () => {
    killAll()
    await exited
  })
  return {
    pid: child.pid ?? 0,
    output,
    ready: async () => {
      const found = () => /ready at (http[^"\s]+)/.exec(output())?.[1]
      const ended = exited.then(({ code, stdout, stderr }) => {
        throw new Error(`the server exited with ${code} before it was ready:\n${stdout}${stderr}`)
      })
      await Promise.race([until(() => found() !== undefined), ended])
      return found() ?? ''
    },
    kill: (signal) => child.kill(signal),
    exited,
  }
}

/** Runs one of the commands to its end. */
export function runCommand(name: string, args: string[], dataDir: string, env: Env = {}): Promise<RunResult> {
  return run(process.execPath, [`server/commands/${name}.ts`, ...args], { DATA_DIR: dataDir, ...env }).exited
}

function run(program: string, args: string[], env: Env, cwd = root, { detached = false } = {}) {
  const child: ChildProcess = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...compileCache(cwd), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<RunResult>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
  /** npm's child is not ours, so we signal its process group. */
  const killAll = () => {
    if (!detached || child.pid === undefined) return void child.kill('SIGKILL')
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The whole group has ended.
    }
  }
  return { child, exited, output: () => stdout + stderr, killAll }
}

/** Waits for it, at most 30 s. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 60_000; !(await condition()); await sleep(20)) {
    if (performance.now() > deadline) throw new Error(`condition not met within 60 s: ${condition}`)
  }
}
