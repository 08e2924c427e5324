// Finds MariaDB's server program on this machine, and installs it if that needs no confirmation.
// Ignores MySQL's program, which distributions confine to its own directory. Use a MySQL server through DATABASE_URL.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { childEnvironment } from './child-environment.ts'
import { StartError } from './start-error.ts'

const run = promisify(execFile)

export interface ServerProgram {
  path: string
  /** E.g. 10.11.19. */
  version: string
  /** The directory of its SQL files. */
  share: string
}

/** Candidates; PATH lacks sbin for most users. */
const candidates = [
  'mariadbd',
  '/usr/sbin/mariadbd',
  '/usr/bin/mariadbd',
  '/usr/libexec/mariadbd',
  '/usr/local/sbin/mariadbd',
  '/usr/local/libexec/mariadbd',
  '/usr/local/mysql/bin/mariadbd',
  '/opt/homebrew/opt/mariadb/bin/mariadbd',
  '/usr/local/opt/mariadb/bin/mariadbd',
  '/home/linuxbrew/.linuxbrew/opt/mariadb/bin/mariadbd',
  'mysqld',
  '/usr/sbin/mysqld',
  '/usr/libexec/mysqld',
]

/** Throws a StartError that lists the alternatives. */
export async function serverProgram(log: (line: string) => void): Promise<ServerProgram> {
  const found = (await find()) ?? ((await install(log)) ? await find() : null)
  if (found !== null) return found
  throw new StartError(
    "MariaDB's server program is not on this machine. Either install it with your package manager (the package is called " +
      'mariadb-server, or mariadb with Homebrew) and start Kefu again; set DATABASE_URL to a MySQL or MariaDB server that you have; ' +
      'or run everything in containers with "docker compose up".',
  )
}

async function find(): Promise<ServerProgram | null> {
  for (const path of candidates) {
    const program = await inspect(path)
    if (program !== null) return program
  }
  return null
}

async function inspect(path: string): Promise<ServerProgram | null> {
  try {
    const { stdout } = await run(path, ['--no-defaults', '--verbose', '--help'], {
      maxBuffer: 8 * 2 ** 20,
      env: childEnvironment(),
    })
    const version = /\sVer (\d+\.\d+\.\d+)-MariaDB/.exec(stdout)?.[1]
    const characterSets = /^character-sets-dir\s+(\S.*?)\/?$/m.exec(stdout)?.[1]
    return version && characterSets ? { path, version, share: dirname(characterSets) } : null
  } catch {
    return null
  }
}

/** Returns true if apt has installed it. --no-remove protects installed packages. */
async function install(log: (line: string) => void): Promise<boolean> {
  if (!existsSync('/etc/debian_version')) return false
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  if (asRoot.length > 0 && !(await succeeds(['sudo', '-n', 'true']))) return false
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120']
  const command = ['install', '-y', '--no-remove', '--no-install-recommends', 'mariadb-server-core']
  log(`MariaDB's server program is not on this machine. Installing it: apt-get update; apt-get ${command.join(' ')}`)
  await succeeds([...apt, 'update'])
  const installed = await succeeds([...apt, ...command], log)
  if (installed) log('MariaDB is installed.')
  return installed
}

async function succeeds([program = '', ...args]: string[], log?: (line: string) => void): Promise<boolean> {
  try {
    await run(program, args, { maxBuffer: 8 * 2 ** 20, env: childEnvironment() })
    return true
  } catch (error) {
    log?.(`Failed: ${lastLine(error)}`)
    return false
  }
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error && error.stderr ? String(error.stderr) : String(error)
  return text.trim().split('\n').at(-1) ?? ''
}

/** MariaDB 11 and later name these files mariadb_…, earlier ones mysql_…. */
export function systemTableFiles(program: ServerProgram): string[] {
  return ['system_tables.sql', 'performance_tables.sql', 'system_tables_data.sql'].map((name) => {
    const file = ['mariadb', 'mysql'].map((prefix) => join(program.share, `${prefix}_${name}`)).find(existsSync)
    if (file === undefined)
      throw new StartError(`MariaDB's file mysql_${name} is missing in ${program.share}: install MariaDB again.`)
    return file
  })
}
