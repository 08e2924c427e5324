// What processes cost, from Linux's /proc: CPU seconds of one process, of this benchmark's whole tree, and of all others, who disturb.

import { readdirSync, readFileSync } from 'node:fs'

/** The kernel's USER_HZ: 100 on every Linux that people run. */
const ticksPerSecond = 100
/** The process that all kernel threads descend from. */
const kernelThreads = 2

interface Stat {
  parent: number
  /** Seconds, all threads. */
  cpu: number
  /** With children that have ended. */
  cpuWithEnded: number
}

function readStat(pid: number | string): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const number = (index: number) => Number(fields[index])
    const cpu = number(11) + number(12)
    return {
      parent: number(1),
      cpu: cpu / ticksPerSecond,
      cpuWithEnded: (cpu + number(13) + number(14)) / ticksPerSecond,
    }
  } catch {
    return null
  }
}

/** CPU seconds that a process has used; NaN where there is no /proc. */
export const cpuSeconds = (pid: number): number => readStat(pid)?.cpu ?? Number.NaN

/** Resident memory in bytes; NaN where there is no /proc. */
export function residentBytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return Number(kib) * 1024
  } catch {
    return Number.NaN
  }
}

function readAll(): Map<number, Stat> {
  const stats = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(name) : null
    if (stat) stats.set(Number(name), stat)
  }
  return stats
}

/** A process and all that descend from it. */
export function treeOf(root: number): number[] {
  const stats = readAll()
  return [...stats.keys()].filter((pid) => descends(stats, pid, root))
}

function descends(stats: Map<number, Stat>, pid: number, ancestor: number): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = stats.get(at)?.parent) {
    if (at === ancestor) return true
  }
  return false
}

/** CPU seconds since the machine started that neither this benchmark's tree nor the kernel's own threads, who work for all, have used. */
function othersSeconds(): number {
  const [user, nice, system, , , , , stolen] = (/^cpu +(.*)/.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? '')
    .split(' ')
    .map(Number) as [number, number, number, number, number, number, number, number]
  const stats = readAll()
  let known = 0
  for (const [pid, { cpuWithEnded }] of stats) {
    if (descends(stats, pid, process.pid) || descends(stats, pid, kernelThreads)) known += cpuWithEnded
  }
  return (user + nice + system + stolen) / ticksPerSecond - known
}

/** Watches from now on; the answer is how many cores others used on average since. NaN where there is no /proc. */
export function watchOthers(): () => number {
  if (process.platform !== 'linux') return () => Number.NaN
  const before = othersSeconds()
  const from = performance.now()
  return () => Math.max(0, (othersSeconds() - before) / ((performance.now() - from) / 1000))
}
