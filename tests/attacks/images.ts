// The costliest image that is small to send. Encoding takes a while, so each machine makes it once.

import { existsSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'

/** The maximum number of pixels that Kefu accepts. */
const side = 7_071

export async function expensiveAvif(): Promise<string> {
  const path = join(tmpdir(), `kefu-attack-${side}.avif`)
  if (existsSync(path)) return path
  const tile = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, n) => (n * 2_654_435_761) >>> 24))
  const pattern = await sharp(tile, { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toBuffer()
  const whole = sharp({ create: { width: side, height: side, channels: 3, background: '#456' } })
    .composite([{ input: pattern, left: 0, top: 0 }])
    .avif({ quality: 30, effort: 0 })
  // Concurrent runs each write their own file, and the last rename wins.
  const own = `${path}.${process.pid}`
  await whole.toFile(own)
  renameSync(own, path)
  return path
}
