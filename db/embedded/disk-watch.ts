// Says in time that the disk of the embedded database is filling up, once for each time it does.

import { statfs } from 'node:fs/promises'
import { serverLimits } from '#protocol/limits/server.ts'

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

const inMegabytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MB`

export function watchDisk(folder: string, log: (line: string) => void, lowBytes: number): { stop(): void } {
  let wasLow = false
  async function look() {
    const free = await freeBytes(folder).catch(() => null)
    if (free === null) return
    const isLow = free < lowBytes
    if (isLow && !wasLow)
      log(`The disk of ${folder} is nearly full: ${inMegabytes(free)} are left. Nothing can be stored when it is full.`)
    if (!isLow && wasLow) log(`The disk of ${folder} has room again: ${inMegabytes(free)} are left`)
    wasLow = isLow
  }
  void look()
  const timer = setInterval(look, serverLimits.diskWatchMs).unref()
  return { stop: () => clearInterval(timer) }
}
