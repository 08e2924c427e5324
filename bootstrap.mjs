// node bootstrap.mjs ENTRY.ts [ARGUMENTS]: runs an entry point on a machine with only Node 18 or later. Installs
// packages and builds the browser code if missing or stale, then runs the entry on Node 24, which one of the packages
// contains.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import module from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const inRoot = (...names) => join(root, ...names)
const [entry, ...args] = process.argv.slice(2)
if (entry === undefined) fail('Usage: node bootstrap.mjs ENTRY.ts [ARGUMENTS]')
const runsTypeScript = Number(process.versions.node.split('.')[0]) >= 24

if (packagesAreStale()) await installPackages()
const node = runsTypeScript ? process.execPath : bundledNode()
if (
  [
    'server/main.ts',
    'server/commands/dev.ts',
    'tests/run.ts',
    'tests/attacks/run.ts',
    'tests/screenshots.ts',
    'bench/run.ts',
  ].includes(entry)
)
  await buildBrowserCode()

// The compile cache keeps type-stripped and compiled code: the next start is faster and uses less memory.
process.env.NODE_COMPILE_CACHE ??= inRoot('node_modules', '.cache', 'node')

if (runsTypeScript) {
  module.enableCompileCache()
  process.argv = [process.execPath, inRoot(entry), ...args]
  await import(pathToFileURL(inRoot(entry)).href)
} else {
  process.exitCode = await run(node, [inRoot(entry), ...args])
}

/** The environment for npm and the build, which need no secrets. */
function withoutSecrets() {
  const secrets = ['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET', 'BACKUP_KEY', 'ADMIN_PASSWORD', 'METRICS_TOKEN']
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !secrets.includes(name)))
}

/** Compares the lock file with the record that npm writes at the end of an install. */
function packagesAreStale() {
  const record = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(record)) return true
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).some(
    ([path, { version, optional }]) => path !== '' && !optional && installed[path]?.version !== version,
  )
}

async function installPackages() {
  say('Installing packages (npm ci) …')
  const options = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const code =
    npm === undefined
      ? await run('npm', options, root, withoutSecrets())
      : await run(process.execPath, [npm, ...options], root, withoutSecrets())
  if (code !== 0) fail('npm ci failed: see its output above.')
}

function bundledNode() {
  const path = inRoot('node_modules', '.bin', 'node')
  if (existsSync(path)) return path
  return fail(
    `Kefu needs Node 24 or later, but this is ${process.version}. Install it from https://nodejs.org and start again.`,
  )
}

async function buildBrowserCode() {
  const stamp = inRoot('client-web', 'dist', '.built-from')
  const source = hashOf(['package-lock.json', 'protocol', 'client-web'])
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === source) return
  say('Building the browser code …')
  if ((await run(node, [inRoot('client-web', 'build.ts')], root, withoutSecrets())) !== 0)
    fail('The build of the browser code failed: see its output above.')
  writeFileSync(stamp, source)
}

function hashOf(names) {
  const hash = createHash('sha256')
  const add = (path) => {
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const found of entries) {
      const inner = join(path, found.name)
      if (found.isFile()) hash.update(`${inner}\0`).update(readFileSync(inner))
      else if (!found.name.startsWith('dist')) add(inner)
    }
  }
  for (const name of names) name.endsWith('.json') ? hash.update(readFileSync(inRoot(name))) : add(resolve(root, name))
  return hash.digest('hex')
}

/** Resolves with the exit code. In a terminal Ctrl-C reaches the child directly, and we wait until it exits. */
function run(command, parameters, cwd = process.cwd(), env = process.env) {
  const child = spawn(command, parameters, { cwd, env, stdio: 'inherit' })
  const forward = (signal) => {
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal)
  }
  process.on('SIGTERM', forward).on('SIGINT', forward)
  return new Promise((settle) => {
    child.on('error', (error) => {
      say(error.message)
      settle(127)
    })
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', forward)
      settle(code ?? (signal === 'SIGINT' ? 130 : 143))
    })
  })
}

function say(line) {
  process.stderr.write(`${line}\n`)
}

function fail(line) {
  say(line)
  process.exit(1)
}
