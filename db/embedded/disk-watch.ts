// Warns once each time the embedded database's disk gets nearly full.

import { statfs } from 'node:fs/promises'
import { serverLimits } from '#protocol/limits/server.ts'

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

const inMegabytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MB`

export function watchDisk(folder: string, log: (line: string) => void, lowBytes: number): { stop(): void } {
  let wasLow = false
  async function check() {
    const free = await freeBytes(folder).catch(() => null)
    if (free === null) return
    const isLow = free < lowBytes
    if (isLow && !wasLow)
      log(`The disk of ${folder} is nearly full: ${inMegabytes(free)} are left. Nothing can be stored when it is full.`)
    if (!isLow && wasLow) log(`The disk of ${folder} has room again: ${inMegabytes(free)} are left`)
    wasLow = isLow
  }
  void check()
  const timer = setInterval(check, serverLimits.diskWatchMs).unref()
  return { stop: () => clearInterval(timer) }
}
