// Makes the embedded database's files, and refuses files that a newer server has written.
// They appear under their name only when whole, so that a crash on the way leaves nothing half-made behind.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { childEnvironment } from './child-environment.ts'
import type { Layout } from './layout.ts'
import { databaseName, fileOptions } from './server-options.ts'
import { lastError } from './server-output.ts'
import { type ServerProgram, systemTableFiles } from './server-program.ts'
import { StartError } from './start-error.ts'

export async function createFiles(program: ServerProgram, layout: Layout, log: (line: string) => void): Promise<void> {
  if (existsSync(layout.files)) return
  log(`Making a new database in ${layout.folder}`)
  await rm(layout.unfinished, { recursive: true, force: true })
  await mkdir(layout.unfinished, { mode: 0o700 })
  const systemTables = await Promise.all(systemTableFiles(program).map((file) => readFile(file, 'utf8')))
  await bootstrap(program, layout, [
    'CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n',
    ...systemTables,
    `\nCREATE DATABASE ${databaseName} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n`,
  ])
  await rename(layout.unfinished, layout.files)
}

function bootstrap(program: ServerProgram, layout: Layout, statements: string[]): Promise<void> {
  const child = spawn(
    program.path,
    [...fileOptions(layout.unfinished, layout), '--bootstrap', '--skip-networking', '--log-warnings=0'],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: childEnvironment(),
    },
  )
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4000)
  })
  // A server that gives up early closes the pipe; its exit tells why.
  child.stdin.on('error', () => undefined)
  child.stdin.end(statements.join('\n'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) return resolve()
      reject(new StartError(`MariaDB could not make a database in ${layout.folder}: ${lastError(complaints)}`))
    })
  })
}

/** A newer server brings older files up to date as it opens them; the other way round they would be damaged. */
export async function refuseNewerFiles(program: ServerProgram, layout: Layout): Promise<void> {
  if (!existsSync(layout.version)) return
  const last = (await readFile(layout.version, 'utf8')).trim()
  if (compareReleases(last, program.version) <= 0) return
  throw new StartError(
    `${layout.folder} was last used by MariaDB ${last}, and this machine has ${program.version}, which is older: install MariaDB ${last} or later.`,
  )
}

export async function recordVersion(program: ServerProgram, layout: Layout): Promise<void> {
  await writeFile(`${layout.version}.new`, `${program.version}\n`)
  await rename(`${layout.version}.new`, layout.version)
}

/** By major and minor: within one release series the files do not change. */
function compareReleases(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA - majorB || minorA - minorB
}
