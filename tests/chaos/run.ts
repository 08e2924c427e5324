// npm run chaos -- [--faults 120] [--seed S] [--nodes 1|2]: does faults to real processes while people talk, and checks that no promise was
// broken. npm run chaos -- --sabotage NAME|all [--seed S]: proves that broken builds are caught. Exit code 1 where something is wrong.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runChaos } from './chaos-run.ts'
import { kindsFor } from './faults.ts'
import { report } from './report.ts'
import { catchSabotages } from './sabotage-run.ts'
import { sabotages } from './sabotages.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))
const say = (text: string) => void process.stdout.write(`${text}\n`)

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    nodes: { type: 'string', default: '1' },
    sabotage: { type: 'string' },
  },
})
const seed = Number(values.seed)

async function run(): Promise<boolean> {
  if (values.sabotage !== undefined) {
    const names = values.sabotage === 'all' ? Object.keys(sabotages) : [values.sabotage]
    return await catchSabotages({ names, seed, source, say })
  }
  const nodes = Number(values.nodes)
  const findings = await runChaos({ faults: Number(values.faults), seed, nodes, kinds: kindsFor(nodes), source })
  say(report(findings))
  return findings.violations.length === 0
}

process.exit((await run()) ? 0 : 1)
