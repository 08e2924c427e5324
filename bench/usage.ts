// CPU seconds and memory from Linux's /proc: of one process, of the benchmark's process tree, and CPU of all other
// processes.

import { readdirSync, readFileSync } from 'node:fs'

/** The kernel's USER_HZ: 100 on all common architectures. */
const ticksPerSecond = 100
/** kthreadd, the parent of all kernel threads. */
const kernelThreads = 2

interface Stat {
  parent: number
  /** Seconds of all threads. */
  cpu: number
  /** Including waited-for children. */
  cpuWithChildren: number
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
      cpuWithChildren: (cpu + number(13) + number(14)) / ticksPerSecond,
    }
  } catch {
    return null
  }
}

/** CPU seconds of a process; NaN without /proc. */
export const cpuSeconds = (pid: number): number => readStat(pid)?.cpu ?? Number.NaN

/** Resident memory in bytes; NaN without /proc. */
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

/** A process and its descendants. */
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

/** CPU seconds since boot, without this benchmark's tree and the kernel threads, which work for every process. */
function othersSeconds(): number {
  const [user, nice, system, , , , , stolen] = (/^cpu +(.*)/.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? '')
    .split(' ')
    .map(Number) as [number, number, number, number, number, number, number, number]
  const stats = readAll()
  let excluded = 0
  for (const [pid, { cpuWithChildren }] of stats) {
    if (descends(stats, pid, process.pid) || descends(stats, pid, kernelThreads)) excluded += cpuWithChildren
  }
  return (user + nice + system + stolen) / ticksPerSecond - excluded
}

/**
 * Starts watching; the returned function yields the average cores that other processes used since. NaN without /proc.
 */
export function watchOthers(): () => number {
  if (process.platform !== 'linux') return () => Number.NaN
  const before = othersSeconds()
  const from = performance.now()
  return () => Math.max(0, (othersSeconds() - before) / ((performance.now() - from) / 1000))
}
