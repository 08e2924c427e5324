// npm test: all checks of the project, then one line `N passed, N failed`. Arguments are passed to vitest.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findHeadlessShell, findWholeChromium } from './support/chromium.ts'
import { findHaproxy, findRedis } from './support/programs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const failures: string[] = []
let passed = 0
let skipped = 0

ensureProgram('Chromium', 'browser', findWholeChromium, 'chromium', 'fonts-noto-cjk')
// Without it the browser tests take twice as long.
if (findHeadlessShell() === undefined) install("Chromium's headless shell", 'browser', ['chromium-headless-shell'])
ensureProgram('Redis', 'nodes', findRedis, 'redis-tools')
ensureProgram('HAProxy', 'balancer', findHaproxy, 'haproxy')
check(
  'format and lint (biome)',
  'biome',
  'ci',
  '--error-on-warnings',
  `--colors=${process.stdout.isTTY ? 'force' : 'off'}`,
)
check('types (tsc)', 'tsc', '-p', '.')
if (process.env.CI) auditPackages()
runVitest(process.argv.slice(2))

if (skipped > 0) console.log(`${skipped} tests were SKIPPED`)
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join('\n')}`)
console.log(`\n${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length > 0 ? 1 : 0

/** Tests that need a missing program are skipped with a warning; with CI set they fail. */
function ensureProgram(name: string, tests: string, find: () => string | undefined, ...packages: string[]): void {
  if (find() !== undefined) return
  install(name, tests, packages)
  if (find() !== undefined) return
  if (process.env.CI) failures.push(`${tests} tests: no ${name} on this machine`)
  else console.log(`NO ${name.toUpperCase()} ON THIS MACHINE: the ${tests} tests are skipped. Install it to run them.`)
}

/** On Debian, if this user may. */
function install(name: string, tests: string, packages: string[]): void {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120']
  if (existsSync('/etc/debian_version') && (asRoot.length === 0 || succeeds(['sudo', '-n', 'true']))) {
    console.log(`Installing ${name} for the ${tests} tests (apt-get) …`)
    succeeds([...apt, 'update'])
    succeeds([...apt, 'install', '-y', '--no-remove', '--no-install-recommends', ...packages])
  }
}

function check(name: string, tool: string, ...args: string[]): void {
  if (runTool(tool, args) === 0) passed++
  else failures.push(name)
}

/** Skipped in local runs, because it queries the registry every time. */
function auditPackages(): void {
  const status = spawnSync(process.execPath, [join(root, 'tests', 'audit.ts')], { cwd: root, stdio: 'inherit' }).status
  if (status === 0) passed++
  else if (status === 75) console.log('THE PACKAGES WERE NOT AUDITED: this registry does not support audits.')
  else failures.push('vulnerabilities (npm run audit)')
}

interface TestResult {
  fullName: string
  status: string
}

interface Results {
  numPassedTests: number
  numPendingTests: number
  testResults: { name: string; status: string; assertionResults: TestResult[] }[]
}

function runVitest(args: string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-results-'))
  const file = join(folder, 'results.json')
  const code = runTool('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args])
  const results: Results | null = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
  rmSync(folder, { recursive: true })
  passed += results?.numPassedTests ?? 0
  skipped += results?.numPendingTests ?? 0
  const before = failures.length
  for (const { name, status, assertionResults } of results?.testResults ?? []) {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    const where = name.replace(root, '')
    failures.push(...failed.map((test) => `${where}: ${test.fullName}`))
    if (status === 'failed' && failed.length === 0) failures.push(`${where}: did not run`)
  }
  if (code !== 0 && failures.length === before) failures.push('vitest: see above')
}

function runTool(name: string, args: string[]): number | null {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', '.bin', name), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  return status
}

function succeeds([program = '', ...args]: string[]): boolean {
  return spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
}
