// The secret that signs access tokens: given as a setting, else made once and kept in DATA_DIR, readable by its owner alone.

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, ConfigError } from './config.ts'

/** The first signs, all verify. The folder is held by this process already, so nobody else makes one at the same time. */
export function loadJwtSecrets(config: Config): string[] {
  if (config.jwtSecrets !== null) return [...config.jwtSecrets]
  const file = fileOf(config)
  const kept = readKept(file)
  if (kept === null) return [makeSecret(file)]
  if (kept.length < 32)
    throw new ConfigError(
      `${file} does not hold a secret any more: delete it to have a new one made, or set JWT_SECRET.`,
    )
  return [kept]
}

const fileOf = (config: Config) => join(config.dataDir, 'jwt-secret')

/** The one in DATA_DIR; null where there is none. */
export const keptJwtSecret = (config: Config): string | null => readKept(fileOf(config))

function readKept(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Written whole before it has its name, so that a crash leaves either none or a good one. */
function makeSecret(file: string): string {
  const secret = randomBytes(48).toString('base64url')
  const unfinished = openSync(`${file}.new`, 'w', 0o600)
  writeSync(unfinished, `${secret}\n`)
  fsyncSync(unfinished)
  closeSync(unfinished)
  renameSync(`${file}.new`, file)
  return secret
}
