// npm run chaos -- [--faults 120] [--seed S] [--nodes 1|2] [--sabotage NAME|all]: does faults to real processes while people talk, and checks
// that no promise was broken. Exit code 1 when one was.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runChaos } from './chaos-run.ts'
import { faultKinds } from './faults.ts'
import { report } from './report.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    nodes: { type: 'string', default: '1' },
  },
})

const findings = await runChaos({
  faults: Number(values.faults),
  seed: Number(values.seed),
  nodes: Number(values.nodes),
  kinds: faultKinds,
  source: root,
})
process.stdout.write(`${report(findings)}\n`)
process.exit(findings.violations.length === 0 ? 0 : 1)
