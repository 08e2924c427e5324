// The one place that reads the environment. `settings` describes every setting once: the start, the README's table and the checks of
// the compose file are all made from it. A setting that is there but empty counts as not set.

import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import {
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
  WrongValue,
} from './config-parsers.ts'

export interface Setting<T = unknown> {
  readonly name: string
  /** What stands in the table of settings; `unset` where there is no value to show. */
  readonly shown: string
  readonly unset: T
  readonly meaning: string
  readonly read: (text: string) => T
  /** Never repeated in an error. */
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
    'MySQL or MariaDB to use: `mysql://user:password@host:3306/kefu`, or with `?socketPath=`. Unset: a private MariaDB inside DATA_DIR.',
    readDatabaseUrl,
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

/** Names that belong to a later release: refused rather than ignored. */
const later = {
  SMTP_URL: (text: string) => text === '',
}

export type LogLevel = (typeof logLevels)[number]
/** Every setting under its camelCase name; what has no default is null when unset. Sizes are bytes, dataDir is absolute. */
export type Config = { readonly [Key in keyof typeof settings]: Readonly<(typeof settings)[Key]['unset']> }

/** One line for each wrong setting, naming it. */
export class ConfigError extends StartError {
  override name = 'ConfigError'
}

/** Throws a ConfigError. */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const wrong: string[] = []
  const values: [string, unknown][] = Object.entries(settings).map(([key, setting]) => [
    key,
    readSetting(setting, env, wrong),
  ])
  for (const [name, isFine] of Object.entries(later)) {
    if (!isFine(env[name]?.trim() ?? '')) wrong.push(`${name} is not supported by this release: leave it unset.`)
  }
  const config = Object.freeze(Object.fromEntries(values)) as Config
  if (config.redisUrl) {
    for (const { name } of [settings.databaseUrl, settings.jwtSecrets]) {
      if ((env[name] ?? '').trim() === '') wrong.push(`${name} must be set with REDIS_URL: all nodes share it.`)
    }
  }
  if (wrong.length > 0) throw new ConfigError(wrong.join('\n'))
  return config
}

function readSetting(setting: Setting, env: Readonly<Record<string, string | undefined>>, wrong: string[]): unknown {
  const given = env[setting.name] ?? ''
  const text = setting.secret ? given : given.trim()
  if (text.trim() === '') return setting.unset
  try {
    return setting.read(text)
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error
    wrong.push(
      `${setting.name} must be ${error.message}${setting.secret ? '' : `, not ${JSON.stringify(text.slice(0, 80))}`}.`,
    )
    return undefined
  }
}

/** A worker's environment: the first admin is the primary's to make. */
export function workerEnvironment(): Record<string, string | undefined> {
  const { ADMIN_PASSWORD: _, ...others } = process.env
  return others
}

/** The README's table, in Markdown. */
export function settingsTable(): string {
  const rows = Object.values(settings).map(({ name, shown, meaning }) => `| \`${name}\` | ${shown} | ${meaning} |`)
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
