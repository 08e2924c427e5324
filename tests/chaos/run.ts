// npm run chaos -- [--faults 120] [--seed S] [--nodes 1|2] [--workers 1|2] injects faults into real processes while
// people talk, and checks every promise. npm run chaos -- --sabotage NAME|all [--seed S] checks that mutants are
// caught. npm run chaos -- --stall SECONDS runs clients that stop reading. The exit code is 1 after a violation.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runChaos } from './chaos-run.ts'
import { kindsFor } from './faults.ts'
import { catchMutants } from './mutant-run.ts'
import { mutants } from './mutants.ts'
import { report } from './report.ts'
import { maxGrowth, stallReaders, wasDisconnectedInTime } from './stalled-readers.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))
const print = (text: string) => void process.stdout.write(`${text}\n`)

/** The minimum for a run to prove something. */
const messagesPerFault = 167
const shareInFaults = 0.25

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    nodes: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    sabotage: { type: 'string' },
    stall: { type: 'string' },
  },
})
const seed = Number(values.seed)

async function run(): Promise<boolean> {
  if (values.sabotage !== undefined) {
    const names = values.sabotage === 'all' ? Object.keys(mutants) : [values.sabotage]
    return await catchMutants({ names, seed, source, print })
  }
  if (values.stall !== undefined) return await stall(Number(values.stall))
  const servers = { nodes: Number(values.nodes), workers: Number(values.workers) }
  const faults = Number(values.faults)
  const messages = faults * messagesPerFault
  const findings = await runChaos({ faults, messages, seed, ...servers, kinds: kindsFor(servers), source })
  print(report(findings))
  const isHard = findings.acknowledged >= messages && findings.shareInFaults >= shareInFaults
  if (!isHard) print('  too few messages in all or during faults: this run proves nothing')
  return isHard && findings.violations.length === 0
}

async function stall(seconds: number): Promise<boolean> {
  const findings = await stallReaders(source, seconds * 1000)
  const { disconnectedAfter, growth, peakGrowth, bytesPerSecond, undelivered, acknowledged } = findings
  const slowest = Math.round(Math.max(...disconnectedAfter))
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`
  print(
    `${disconnectedAfter.length} readers stalled at ${(bytesPerSecond / 1e6).toFixed(1)} MB/s and were disconnected within ${slowest} ms`,
  )
  print(`the server used ${mebibytes(growth)} more for a stalled reader, ${mebibytes(peakGrowth)} at the peak`)
  print(`the normal reader received ${acknowledged - undelivered.length} of ${acknowledged} messages`)
  return (
    growth < maxGrowth &&
    undelivered.length === 0 &&
    disconnectedAfter.every((took) => wasDisconnectedInTime(findings, took))
  )
}

// The child processes end with this one.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
process.exit((await run()) ? 0 : 1)
