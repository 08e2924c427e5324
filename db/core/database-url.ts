// Reads DATABASE_URL. Rejects every part that the driver would ignore, so that a wrong URL stops the start.

import { InvalidUrl, readTlsOptions, type TlsOptions, tlsParameters } from './tls-options.ts'

export interface ParsedDatabaseUrl {
  /** A host and port, or the path of a socket. */
  server: { host: string; port: number } | { socketPath: string }
  user: string
  password: string
  database: string
  tls: TlsOptions | null
}

const parameters = new Set<string>(['socketPath', ...tlsParameters])

/** mysql://user:password@host:port/name, or with ?socketPath=/path. Throws InvalidUrl. */
export function parseDatabaseUrl(text: string): ParsedDatabaseUrl {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== 'mysql:') throw new InvalidUrl('a URL like mysql://user:password@host:3306/kefu')
  if (url.hash !== '') throw new InvalidUrl('a URL with # written as %23')
  const names = [...url.searchParams.keys()]
  const unsupported = names.find((name) => !parameters.has(name))
  if (unsupported !== undefined)
    throw new InvalidUrl(
      `a URL whose only parameters are ${[...parameters].join(', ')}, without ${JSON.stringify(unsupported)}`,
    )
  if (new Set(names).size < names.length) throw new InvalidUrl('a URL that has each parameter once')
  const socketPath = url.searchParams.get('socketPath')
  // WHATWG URLs keep the brackets of an IPv6 address.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === '' && socketPath === null) throw new InvalidUrl('a URL with a host or ?socketPath=')
  const tls = readTlsOptions(url.searchParams)
  if (tls !== null && socketPath !== null) throw new InvalidUrl('a URL with either socketPath or TLS')
  return {
    server: socketPath === null ? { host, port: Number(url.port || 3306) } : { socketPath },
    user: decode(url.username) || 'root',
    password: decode(url.password),
    database: decode(url.pathname.slice(1)),
    tls,
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InvalidUrl('a URL with % written as %25')
  }
}
