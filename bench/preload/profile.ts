// Preloaded into a profiled server as profile.ts?to=FILE: SIGUSR2 starts V8's CPU profiler, a second SIGUSR2 writes
// FILE.

import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'

const file = new URL(import.meta.url).searchParams.get('to') as string
const session = new Session()
let running = false

process.on('SIGUSR2', async () => {
  running = !running
  if (running) {
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 200 })
    await session.post('Profiler.start')
  } else {
    const { profile } = await session.post('Profiler.stop')
    writeFileSync(file, JSON.stringify(profile))
  }
})
