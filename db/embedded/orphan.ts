// A server process whose Kefu was killed lives on. It is known by its pid file and by its command line, which names our files (a pid
// alone may long belong to somebody else), and is ended before ours starts: two servers on the same files destroy them.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnvironment } from './child-environment.ts'
import type { Layout } from './layout.ts'

const patienceMs = 10_000

export async function terminateOrphan(layout: Layout, log: (line: string) => void): Promise<void> {
  const pid = readPid(layout.pid)
  if (pid === null || !servesOurFiles(pid, layout)) return
  log(`Ending the database server that a killed Kefu left behind (process ${pid})`)
  const isThere = () => servesOurFiles(pid, layout)
  process.kill(pid, 'SIGTERM')
  if (await gone(isThere)) return
  process.kill(pid, 'SIGKILL')
  if (!(await gone(isThere))) throw new Error(`the database server ${pid} cannot be ended`)
}

async function gone(isThere: () => boolean): Promise<boolean> {
  for (const giveUpAt = performance.now() + patienceMs; performance.now() < giveUpAt; await sleep(20)) {
    if (!isThere()) return true
  }
  return false
}

function readPid(file: string): number | null {
  if (!existsSync(file)) return null
  const pid = Number(readFileSync(file, 'utf8').trim())
  return Number.isInteger(pid) && pid > 1 ? pid : null
}

/** False for a process that is gone, or dead and not yet collected: neither has a command line. */
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
