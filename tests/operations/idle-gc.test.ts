// A real process returns memory to the system once it is idle, and not before.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const module = fileURLToPath(new URL('../../server/process/idle-gc.ts', import.meta.url))

/**
 * Reports its resident megabytes: at first, when grown and busy, and when small again. Leaves garbage that only V8
 * holds.
 */
const program = `
  import { collectGarbageWhenIdle } from '${module}'
  const { stop } = await collectGarbageWhenIdle(100)
  const megabytes = () => Math.round(process.memoryUsage.rss() / 1024 / 1024)
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  console.log(megabytes())
  let kept = Array.from({ length: 2_000_000 }, (_, index) => ({ index }))
  const grown = megabytes()
  kept = null
  for (const end = performance.now() + 1000; performance.now() < end; await pause(1))
    for (const busy = performance.now() + 20; performance.now() < busy; );
  console.log(megabytes())
  while (megabytes() > grown - 64) await pause(20)
  console.log(megabytes())
  stop()
`

test('memory is returned when the process is idle, not while it works', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill())
  let said = ''
  for await (const text of child.stdout.setEncoding('utf8')) said += text
  const [first = 0, busy = 0, quiet = 0] = said.trim().split('\n').map(Number)
  expect(busy).toBeGreaterThan(first + 64)
  expect(quiet).toBeLessThan(busy - 32)
})
