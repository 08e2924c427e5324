// The secret that signs access tokens: from JWT_SECRET, or generated once in DATA_DIR, readable only by its owner.

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, ConfigError } from './config.ts'

/** The first signs, all verify. The data directory lock excludes another process that generates one. */
export function loadJwtSecrets(config: Config): string[] {
  if (config.jwtSecrets !== null) return [...config.jwtSecrets]
  const file = fileOf(config)
  const stored = readStored(file)
  if (stored === null) return [generateSecret(file)]
  if (stored.length < 32)
    throw new ConfigError(`${file} holds no valid secret: delete it to generate a new one, or set JWT_SECRET.`)
  return [stored]
}

const fileOf = (config: Config) => join(config.dataDir, 'jwt-secret')

/** The secret in DATA_DIR, or null. */
export const keptJwtSecret = (config: Config): string | null => readStored(fileOf(config))

function readStored(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Writes a temporary file and renames it, so that a crash leaves no incomplete secret. */
function generateSecret(file: string): string {
  const secret = randomBytes(48).toString('base64url')
  const unfinished = openSync(`${file}.new`, 'w', 0o600)
  writeSync(unfinished, `${secret}\n`)
  fsyncSync(unfinished)
  closeSync(unfinished)
  renameSync(`${file}.new`, file)
  return secret
}
