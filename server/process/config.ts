// The only file that reads the environment. `settings` describes every setting once: start, README table and compose
// checks use it. An empty value counts as unset. Each secret may come from a file: NAME_FILE.

import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import {
  InvalidSetting,
  longText,
  oneOf,
  plainText,
  readAddresses,
  readContact,
  readCount,
  readDatabaseUrl,
  readHost,
  readOrigin,
  readPort,
  readRedisUrl,
  readSecrets,
  readSize,
  readSwitch,
  readUsername,
} from './config-parsers.ts'

export interface Setting<T = unknown> {
  readonly name: string
  /** The default in the table of settings, or `unset`. */
  readonly shown: string
  readonly unset: T
  readonly meaning: string
  readonly read: (text: string) => T
  /** Never shown in an error. */
  readonly secret: boolean
}

function setting<T>(name: string, unset: T, meaning: string, read: (text: string) => T, shown = 'unset'): Setting<T> {
  return { name, unset, meaning, read, shown, secret: false }
}

function secret<T>(name: string, meaning: string, read: (text: string) => T): Setting<T | null> {
  return { name, unset: null, meaning, read, shown: 'unset', secret: true }
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export const settings = {
  port: setting('PORT', 3000, 'The port that Kefu listens on.', readPort, '3000'),
  host: setting(
    'HOST',
    '127.0.0.1',
    'The address that Kefu listens on. `0.0.0.0` for all of them, as in the Docker image.',
    readHost,
    '127.0.0.1',
  ),
  databaseUrl: secret(
    'DATABASE_URL',
    'MySQL or MariaDB to use: `mysql://user:password@host:3306/kefu`, with `?tls=true` or `?ca=/path` for TLS, or with `?socketPath=`. Unset: a private MariaDB inside DATA_DIR.',
    readDatabaseUrl,
  ),
  databaseWait: setting(
    'DATABASE_WAIT',
    300,
    'How many seconds a start waits for a database that is away, read-only or recovering. A whole number from 1 to 3600.',
    readCount(3600),
    '300',
  ),
  redisUrl: secret(
    'REDIS_URL',
    'Joins this process with others that share database and JWT_SECRET: `redis://user:password@host:6379`, or `rediss://` for TLS. Unset: one process.',
    readRedisUrl,
  ),
  dataDir: setting(
    'DATA_DIR',
    resolve('data'),
    'The folder for everything that Kefu keeps on disk. One process at a time.',
    (text) => resolve(plainText(1000)(text)),
    './data',
  ),
  jwtSecrets: secret(
    'JWT_SECRET',
    'Signs access tokens; at least 32 characters. A list separated by commas rotates: the first signs, all verify. Unset: made once and kept in DATA_DIR.',
    readSecrets,
  ),
  backupKeys: secret(
    'BACKUP_KEY',
    'Authenticates backups; at least 32 characters. A list separated by commas rotates: the first signs, all verify. Unset: derived from JWT_SECRET.',
    readSecrets,
  ),
  adminUsername: setting(
    'ADMIN_USERNAME',
    'admin',
    'The username of the admin that ADMIN_PASSWORD makes.',
    readUsername(limits.usernameLength),
    'admin',
  ),
  adminPassword: secret(
    'ADMIN_PASSWORD',
    'Makes the first admin at the first start. Unset: the log gives a one-time link to the setup page.',
    longText(limits.passwordMinLength, limits.passwordMaxLength),
  ),
  publicUrl: setting<string | null>(
    'PUBLIC_URL',
    null,
    'The origin under which browsers reach Kefu, like `https://chat.example.com`.',
    readOrigin,
  ),
  trustedProxies: setting(
    'TRUSTED_PROXIES',
    [],
    'Addresses or ranges, separated by commas, whose X-Forwarded-For header counts.',
    readAddresses,
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'info',
    'One of `fatal`, `error`, `warn`, `info`, `debug`, `trace`, `silent`.',
    oneOf(...logLevels),
    'info',
  ),
  nodeId: setting(
    'NODE_ID',
    hostname().slice(0, serverLimits.nodeLabelLength),
    'A label for this process in logs and metrics.',
    plainText(serverLimits.nodeLabelLength),
    'the host name',
  ),
  dbBufferPool: setting(
    'DB_BUFFER_POOL',
    64 * 2 ** 20,
    'Memory that the private MariaDB caches rows in.',
    readSize(8),
    '64M',
  ),
  metricsToken: secret(
    'METRICS_TOKEN',
    'The bearer token that `/metrics` asks for; at least 16 characters.',
    longText(16, 1000),
  ),
  workers: setting(
    'WORKERS',
    1,
    'Processes that share the port, to use all cores of one machine. More than 1 adds a primary process that starts them and serves nobody.',
    readCount(serverLimits.workers),
    '1',
  ),
  addressLimits: setting(
    'ADDRESS_LIMITS',
    1,
    'Multiplies what one address may do, for many people behind one address. A whole number from 1 to 100.',
    readCount(100),
    '1',
  ),
  demo: setting(
    'DEMO',
    false,
    '`on` shows the demo shop to everyone. `off`: to callers on this machine alone once PUBLIC_URL or an origin of a site is set.',
    readSwitch,
    'off',
  ),
  securityContact: setting<string | null>(
    'SECURITY_CONTACT',
    null,
    'Where to report vulnerabilities, an email address or an https URL. Served as `/.well-known/security.txt`.',
    readContact,
  ),
  rateLimits: setting('RATE_LIMITS', true, '`off` for load tests alone.', readSwitch, 'on'),
}

/**
 * Every setting under its camelCase name. A setting without a default is null when unset. Sizes are bytes, dataDir is
 * absolute.
 */
export type Config = { readonly [Key in keyof typeof settings]: Readonly<(typeof settings)[Key]['unset']> }

/** One line per invalid setting, with its name. */
export class ConfigError extends StartError {
  override name = 'ConfigError'
}

type Environment = Readonly<Record<string, string | undefined>>

/** Throws a ConfigError. */
export function loadConfig(env: Environment = process.env): Config {
  const problems: string[] = []
  const values: [string, unknown][] = Object.entries(settings).map(([key, setting]) => [
    key,
    readSetting(setting, env, problems),
  ])
  const config = Object.freeze(Object.fromEntries(values)) as Config
  if (config.redisUrl) {
    for (const key of ['databaseUrl', 'jwtSecrets'] as const) {
      if (config[key] === null) problems.push(`${settings[key].name} must be set with REDIS_URL: all nodes share it.`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return config
}

function readSetting(setting: Setting, env: Environment, problems: string[]): unknown {
  try {
    const text = setting.secret ? readSecretText(setting.name, env) : (env[setting.name] ?? '').trim()
    if (text.trim() === '') return setting.unset
    return readValue(setting, text)
  } catch (error) {
    if (!(error instanceof InvalidSetting)) throw error
    problems.push(error.message)
    return undefined
  }
}

function readValue(setting: Setting, text: string): unknown {
  try {
    return setting.read(text)
  } catch (error) {
    if (!(error instanceof InvalidSetting)) throw error
    const not = setting.secret ? '' : `, not ${JSON.stringify(text.slice(0, 80))}`
    throw new InvalidSetting(`${setting.name} must be ${error.message}${not}.`)
  }
}

/** A secret from the environment, or from the file that NAME_FILE names, without the newline at its end. */
function readSecretText(name: string, env: Environment): string {
  const given = env[name] ?? ''
  const file = (env[`${name}_FILE`] ?? '').trim()
  if (file === '') return given
  if (given.trim() !== '') throw new InvalidSetting(`${name} and ${name}_FILE are both set: unset one of them.`)
  let text: string
  try {
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InvalidSetting(`${name}_FILE must name a file that Kefu can read, not ${JSON.stringify(file)} (${code}).`)
  }
  if (text.trim() === '') throw new InvalidSetting(`${name}_FILE names an empty file, ${JSON.stringify(file)}.`)
  return text
}

/** A worker's environment, without the admin's password: the primary creates the first admin. */
export function workerEnvironment(): Record<string, string | undefined> {
  const { ADMIN_PASSWORD: _, ADMIN_PASSWORD_FILE: __, ...others } = process.env
  return others
}

/** The README's table of settings, as Markdown. */
export function settingsTable(): string {
  const rows = Object.values(settings).map(({ name, shown, meaning }) => `| \`${name}\` | ${shown} | ${meaning} |`)
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
