// The bootstrap installs packages only when they differ from the lock file, then runs the entry.

import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'

const bootstrap = fileURLToPath(new URL('../../bootstrap.mjs', import.meta.url))
const lock = (version: string) => ({
  packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version, optional: true } },
})

/** A project with one package, and an "npm" that records its arguments and installs the locked version. */
function newProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-bootstrap-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  copyFileSync(bootstrap, join(folder, 'bootstrap.mjs'))
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock('2.0.0')))
  writeFileSync(
    join(folder, 'npm.cjs'),
    `const { copyFileSync, writeFileSync } = require('node:fs')
     writeFileSync('npm-was-called', process.argv.slice(2).join(' '))
     if (process.env.FAIL) process.exit(1)
     copyFileSync('package-lock.json', 'node_modules/.package-lock.json')`,
  )
  writeFileSync(
    join(folder, 'entry.ts'),
    `console.log(JSON.stringify(process.argv.slice(2)))
     process.on('SIGTERM', () => process.exit(9))
     if (process.argv[2] === 'wait') setTimeout(() => {}, 20_000)
     else process.exitCode = Number(process.argv[2])`,
  )
  return folder
}

function start(folder: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['bootstrap.mjs', 'entry.ts', ...args], {
    cwd: folder,
    env: { npm_execpath: join(folder, 'npm.cjs'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, output: () => output }
}

const npmCall = (folder: string) =>
  existsSync(join(folder, 'npm-was-called')) ? readFileSync(join(folder, 'npm-was-called'), 'utf8') : null

describe('the bootstrap', () => {
  test.each([
    ['nothing is installed', null],
    ['another version is installed', lock('1.0.0')],
    ['a package is missing', { packages: {} }],
  ])('installs when %s, and passes on arguments and exit code', async (_, installed) => {
    const folder = newProject()
    if (installed) writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify(installed))
    const { ended, output } = start(folder, ['7', 'two words'])
    expect(await ended).toBe(7)
    expect(output()).toBe('["7","two words"]\n')
    expect(npmCall(folder)).toMatch(/^ci --include=dev --ignore-scripts /)
  })

  test('installs nothing when complete; a package for another platform may be missing', async () => {
    const folder = newProject()
    const { 'node_modules/b': _, ...packages } = lock('2.0.0').packages
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
    expect(await start(folder, ['0']).ended).toBe(0)
    expect(npmCall(folder)).toBeNull()
  })

  test('keeps the compile cache for the next start', async () => {
    const folder = newProject()
    expect(await start(folder, ['0']).ended).toBe(0)
    expect(readdirSync(join(folder, 'node_modules', '.cache', 'node'))).toHaveLength(1)
  })

  test('exits when the packages cannot be installed', async () => {
    const { ended, output } = start(newProject(), ['0'], { FAIL: '1' })
    expect(await ended).toBe(1)
    expect(output()).toBe('')
  })

  test('forwards a signal to the entry', async () => {
    const { child, ended, output } = start(newProject(), ['wait'])
    while (output() === '') await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGTERM')
    expect(await ended).toBe(9)
  })
})
