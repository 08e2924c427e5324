// What processes cost, from Linux's /proc: CPU seconds of one process, of this benchmark's whole tree, and of all others, who disturb.

import { readdirSync, readFileSync } from 'node:fs'

/** The kernel's USER_HZ: 100 on every Linux that people run. */
const ticksPerSecond = 100

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

/** CPU seconds of other people's processes since the machine started, and what its host kept back. Kernel threads work for all. */
function othersSeconds(): Map<number, number> {
  const stats = readAll()
  const others = new Map<number, number>()
  for (const [pid, { cpuWithEnded }] of stats) {
    if (!descends(stats, pid, process.pid) && !descends(stats, pid, 2)) others.set(pid, cpuWithEnded)
  }
  const stolen = Number(/^cpu +(?:\d+ ){7}(\d+)/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0)
  return others.set(0, stolen / ticksPerSecond)
}

/** Watches from now on; the answer is how many cores others used on average since. NaN where there is no /proc. */
export function watchOthers(): () => number {
  if (process.platform !== 'linux') return () => Number.NaN
  const before = othersSeconds()
  const from = performance.now()
  return () => {
    const seconds = (performance.now() - from) / 1000
    let used = 0
    // What began in between counts whole.
    for (const [pid, cpu] of othersSeconds()) used += Math.max(0, cpu - (before.get(pid) ?? 0))
    return used / seconds
  }
}
