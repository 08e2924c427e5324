// TLS as the parameters of a URL ask for it: `tls`, `ca`, `cert` and `key`, the latter three paths of PEM files. The
// server's certificate and name are verified unless `tls=unverified` says otherwise.

import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** The end of the sentence "DATABASE_URL must be …". */
export class InvalidUrl extends Error {
  override name = 'InvalidUrl'
}

export interface TlsOptions {
  ca?: string
  cert?: string
  key?: string
  isVerified: boolean
}

export const tlsParameters = ['tls', 'ca', 'cert', 'key'] as const

/** Null without TLS. Throws InvalidUrl for parameters that contradict each other, and for files that are of no use. */
export function readTlsOptions(parameters: URLSearchParams): TlsOptions | null {
  const files = Object.fromEntries(
    (['ca', 'cert', 'key'] as const).flatMap((name) => {
      const path = parameters.get(name)
      return path === null ? [] : [[name, readPem(name, path)]]
    }),
  )
  const mode = parameters.get('tls') ?? (Object.keys(files).length > 0 ? 'true' : 'false')
  if (!['true', 'false', 'unverified'].includes(mode))
    throw new InvalidUrl('a URL whose tls is true, false or unverified')
  if (mode === 'false') {
    if (Object.keys(files).length > 0) throw new InvalidUrl('a URL without certificates if tls is false')
    return null
  }
  if (mode === 'unverified' && files.ca !== undefined)
    throw new InvalidUrl('a URL with either ca, which verifies the server, or tls=unverified')
  if ((files.cert === undefined) !== (files.key === undefined))
    throw new InvalidUrl('a URL with both cert and key, or neither')
  try {
    createSecureContext(files)
  } catch {
    throw new InvalidUrl('a URL whose ca, cert and key are PEM files, the key without a password and of that cert')
  }
  return { ...files, isVerified: mode === 'true' }
}

function readPem(name: string, path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new InvalidUrl(`a URL whose ${name} is a file that Kefu can read`)
  }
  if (!text.includes('-----BEGIN ')) throw new InvalidUrl(`a URL whose ${name} is a PEM file`)
  return text
}
