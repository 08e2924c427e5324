// Warns once each time the embedded database's disk gets nearly full.

import { statfs } from 'node:fs/promises'
import { serverLimits } from '#protocol/limits/server.ts'

export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

const inMegabytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MB`

export function watchDisk(directory: string, log: (line: string) => void, lowBytes: number): { stop(): void } {
  let wasLow = false
  async function check() {
    const free = await freeBytes(directory).catch(() => null)
    if (free === null) return
    const isLow = free < lowBytes
    if (isLow && !wasLow)
      log(
        `The disk of ${directory} is nearly full: ${inMegabytes(free)} left. Messages cannot be stored when it is full.`,
      )
    if (!isLow && wasLow) log(`The disk of ${directory} has space again: ${inMegabytes(free)} left`)
    wasLow = isLow
  }
  void check()
  const timer = setInterval(check, serverLimits.diskWatchMs).unref()
  return { stop: () => clearInterval(timer) }
}
