// npm run bench: what Kefu costs, measured against a bare Socket.IO relay and against the database's own limit in one run.

import type { Bench, Part } from './figures.ts'
import { createWatch, type Disturbance, describeMachine } from './machine.ts'
import { readOptions, usage } from './options.ts'
import { catchUp } from './parts/catch-up.ts'
import { connections } from './parts/connections.ts'
import { latency } from './parts/latency.ts'
import { logins } from './parts/logins.ts'
import { presence } from './parts/presence.ts'
import { queue } from './parts/queue.ts'
import { reading } from './parts/reads.ts'
import { saturation } from './parts/saturation.ts'
import { start } from './parts/start.ts'
import { print, type Results, writeJson } from './report.ts'

const parts: Part[] = [saturation, latency, connections, presence, queue, catchUp, reading, logins, start]

const options = readOptions(process.argv.slice(2))
const unknown = options.only.filter((name) => !parts.some((part) => part.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(', ')}; there are ${parts.map(({ name }) => name).join(', ')}.\n${usage}`,
  )
  process.exit(2)
}

// What was started is stopped by the listeners of this process's end.
process.on('SIGTERM', () => process.exit(143))
const startedAt = performance.now()
const disturbances: Disturbance[] = []
const bench: Bench = {
  options,
  say: (line) => console.error(line),
  undisturbed: createWatch(options.quick ? 0 : 2, disturbances),
}
const results: Results = {
  machine: describeMachine(),
  startedAt: new Date().toISOString(),
  seconds: 0,
  options,
  parts: {},
  disturbances,
}
for (const part of parts) {
  if (options.only.length > 0 && !options.only.includes(part.name)) continue
  results.parts[part.name] = await part.run(bench)
}
results.seconds = (performance.now() - startedAt) / 1000
print(results)
if (options.json !== null) writeJson(options.json, results)
process.exit(0)
