// npm run bench:profile: the saturation load against a server under V8's own profiler. Writes kefu.cpuprofile (Chrome's DevTools and
// editors open it) and kefu-flames.svg (any browser does) into the current folder, and prints where the time went.

import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startKefuSystem } from './load/comparison.ts'
import { type Call, type CpuProfile, readCalls, selfTimes } from './profile/calls.ts'
import { drawFlames } from './profile/flames.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rooms: { type: 'string', default: '50' },
    agents: { type: 'string', default: '50' },
    /** Messages that each sender keeps in flight. */
    'in-flight': { type: 'string', default: '8' },
    functions: { type: 'string', default: '40' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'kefu-profile-'))
const file = join(folder, 'kefu.cpuprofile')
const ours = await startKefuSystem(
  { rooms: Number(values.rooms), agents: Number(values.agents) },
  { nodeOptions: ['--import', `./bench/preload/profile.ts?to=${file}`] },
)
const load = { inFlight: Number(values['in-flight']), pids: ours.pids }
await ours.load.closed({ ...load, warmUpMs: 500, ms: 1000 })
process.kill(ours.server.pid, 'SIGUSR2')
const measured = await ours.load.closed({ ...load, warmUpMs: 200, ms: Number(values.seconds) * 1000 })
process.kill(ours.server.pid, 'SIGUSR2')
while (!existsSync(file) || readFileSync(file, 'utf8').at(-1) !== '}') await sleep(50)
await ours.stop()

const calls = readCalls(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile)
renameSync(file, 'kefu.cpuprofile')
rmSync(folder, { recursive: true })
writeFileSync('kefu-flames.svg', drawFlames(calls))

console.log(`${Math.round(measured.acked / measured.seconds)} messages/s while profiled`)
printTimes('by package', selfTimes(calls, (call) => call.owner).slice(0, 20))
printTimes('by function', selfTimes(calls, nameAndPlace).slice(0, Number(values.functions)))
console.log('\nWritten: kefu.cpuprofile, kefu-flames.svg')
process.exit(0)

function nameAndPlace({ name, place }: Call): string {
  return `${name} ${place}`
}

function printTimes(title: string, times: [string, number][]): void {
  console.log(`\nself time ${title}`)
  for (const [what, ms] of times) console.log(`  ${((100 * ms) / calls.totalMs).toFixed(1).padStart(5)} %  ${what}`)
}
