// Terminates a server process that outlived a killed Kefu: two servers on the same files destroy them. The pid file
// identifies it together with the command line, which names our files, since the pid alone may have been reused.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnvironment } from './child-environment.ts'
import type { Layout } from './layout.ts'

const exitTimeoutMs = 10_000

export async function terminateOrphan(layout: Layout, log: (line: string) => void): Promise<void> {
  const pid = readPid(layout.pid)
  if (pid === null || !servesOurFiles(pid, layout)) return
  log(`Stopping the database server that a killed Kefu left behind (process ${pid})`)
  const isRunning = () => servesOurFiles(pid, layout)
  process.kill(pid, 'SIGTERM')
  if (await hasExited(isRunning)) return
  process.kill(pid, 'SIGKILL')
  if (!(await hasExited(isRunning))) throw new Error(`cannot stop the database server ${pid}`)
}

async function hasExited(isRunning: () => boolean): Promise<boolean> {
  for (const deadline = performance.now() + exitTimeoutMs; performance.now() < deadline; await sleep(20)) {
    if (!isRunning()) return true
  }
  return false
}

function readPid(file: string): number | null {
  if (!existsSync(file)) return null
  const pid = Number(readFileSync(file, 'utf8').trim())
  return Number.isInteger(pid) && pid > 1 ? pid : null
}

/** False for an exited process or a zombie, since neither has a command line. */
function servesOurFiles(pid: number, layout: Layout): boolean {
  return commandLine(pid).includes(`--datadir=${layout.files}`)
}

function commandLine(pid: number): string[] {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      env: childEnvironment(),
    })
      .trim()
      .split(/ (?=--)/)
  } catch {
    return []
  }
}
