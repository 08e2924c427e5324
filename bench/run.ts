// npm run bench: what Kefu costs, measured against a bare Socket.IO relay and against the database's own limit in one run.

import { createWatch, type Disturbance, describeMachine } from './machine.ts'
import type { Bench, Scenario } from './metrics.ts'
import { readOptions, usage } from './options.ts'
import { print, type Results, writeJson } from './report.ts'
import { catchUp } from './scenarios/catch-up.ts'
import { connections } from './scenarios/connections.ts'
import { latency } from './scenarios/latency.ts'
import { logins } from './scenarios/logins.ts'
import { presence } from './scenarios/presence.ts'
import { queue } from './scenarios/queue.ts'
import { reading } from './scenarios/reads.ts'
import { saturation } from './scenarios/saturation.ts'
import { start } from './scenarios/start.ts'

const parts: Scenario[] = [saturation, latency, connections, presence, queue, catchUp, reading, logins, start]

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
  progress: (line) => console.error(line),
  retryIfDisturbed: createWatch(options.quick ? 0 : 2, disturbances),
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
