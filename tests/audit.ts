// npm run audit: reports vulnerabilities of the installed packages and verifies the registry's signatures. Exits 0 when
// clean, 1 when not, and 75 (a temporary failure, as in sysexits) when the registry does not support the request.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const cannotAsk = 75

interface Report {
  metadata?: { vulnerabilities: Record<string, number> }
  vulnerabilities?: Record<string, { severity: string; range: string }>
  message?: string
}

const { stdout } = npm('audit', '--json')
const report = JSON.parse(stdout || '{}') as Report
if (report.metadata === undefined) {
  process.stdout.write(`The registry did not answer the audit: ${report.message ?? 'no reply'}\n`)
  process.exit(cannotAsk)
}
const bad = Object.entries(report.vulnerabilities ?? {}).filter(([, { severity }]) => severity !== 'info')
for (const [name, { severity, range }] of bad) process.stdout.write(`${severity}: ${name} ${range}\n`)
const signatures = npm('audit', 'signatures')
process.stdout.write(signatures.stdout + signatures.stderr)
process.stdout.write(`${bad.length} packages with vulnerabilities\n`)
process.exitCode = bad.length > 0 || signatures.status !== 0 ? 1 : 0

function npm(...args: string[]) {
  return spawnSync('npm', args, { cwd: root, encoding: 'utf8', timeout: 60_000 })
}
