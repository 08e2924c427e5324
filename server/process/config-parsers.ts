// Parsers of setting values. A parser returns the value, or throws an InvalidSetting that says what the value must be.
// config.ts adds the setting's name.

import { BlockList, isIP } from 'node:net'
import { parseDatabaseUrl } from '#db/core/database-url.ts'
import { InvalidUrl, readTlsOptions, tlsParameters } from '#db/core/tls-options.ts'

/** The end of the sentence "PORT must be …". */
export class InvalidSetting extends Error {
  override name = 'InvalidSetting'
}

export const plainText =
  (longest: number) =>
  (text: string): string => {
    if (text.length > longest) throw new InvalidSetting(`at most ${longest} characters long`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the check rejects control characters
    if (/[\u0000-\u001f\u007f]/.test(text)) throw new InvalidSetting('one line without control characters')
    return text
  }

export const longText =
  (shortest: number, longest: number) =>
  (text: string): string => {
    if (text.length < shortest || text.length > longest)
      throw new InvalidSetting(`${shortest} to ${longest} characters long`)
    return text
  }

export const oneOf =
  <const T extends string>(...values: T[]) =>
  (text: string): T => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new InvalidSetting(`one of ${values.join(', ')}`)
    return found
  }

export function readSwitch(text: string): boolean {
  return oneOf('on', 'off')(text) === 'on'
}

export function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidSetting('a whole number from 0 to 65535')
  return Number(text)
}

export const readCount =
  (most: number) =>
  (text: string): number => {
    if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > most)
      throw new InvalidSetting(`a whole number from 1 to ${most}`)
    return Number(text)
  }

export function readHost(text: string): string {
  if (isIP(text) === 0 && !/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/.test(text))
    throw new InvalidSetting('an address or a host name')
  // Fastify would open a second server on ::1, without the limits of the first.
  return text.toLowerCase() === 'localhost' ? '127.0.0.1' : text
}

/** One word. Creating the user normalises it. */
export const readUsername =
  (longest: number) =>
  (text: string): string => {
    if (/\s/.test(text)) throw new InvalidSetting('one word without spaces')
    return plainText(longest)(text)
  }

const sizeUnits = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as const

/** Bytes, from text such as 64M or 2G. */
export const readSize =
  (smallestMegabytes: number) =>
  (text: string): number => {
    const [, count, unit] = /^(\d{1,9})([KMG])$/i.exec(text) ?? []
    const bytes = Number(count) * sizeUnits[(unit?.toUpperCase() ?? 'K') as keyof typeof sizeUnits]
    if (!(bytes >= smallestMegabytes * sizeUnits.M))
      throw new InvalidSetting(`a size of at least ${smallestMegabytes}M, like 64M or 2G`)
    return bytes
  }

/** Only http(s)://host[:port]: links append a path to it, and Origin headers are compared with it. */
export function readOrigin(text: string): string {
  const url = parseUrl(text)
  const bare =
    url !== null &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    !/[?#]/.test(text)
  if (!bare || !/^https?:$/.test(url.protocol))
    throw new InvalidSetting('an origin like https://chat.example.com, without a path')
  return url.origin
}

/** Rejects whatever parseDatabaseUrl does, and a URL that names no database. */
export function readDatabaseUrl(text: string): string {
  const { database } = validUrl(() => parseDatabaseUrl(text))
  if (database === '' || database.includes('/'))
    throw new InvalidSetting('a URL that names a database, like mysql://user:password@host:3306/kefu')
  return text
}

function validUrl<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof InvalidUrl ? new InvalidSetting(error.message) : error
  }
}

/** redis(s)://user:password@host:port, with an optional /database number, and with the parameters of TLS. */
export function readRedisUrl(text: string): string {
  const url = parseUrl(text)
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
    throw new InvalidSetting('a URL like redis://user:password@host:6379')
  if (!/^(\/\d{0,3})?$/.test(url.pathname) || url.hash !== '')
    throw new InvalidSetting('a URL like redis://user:password@host:6379, with nothing after the database number')
  const names = [...url.searchParams.keys()]
  if (names.some((name) => !tlsParameters.some((allowed) => allowed === name)) || new Set(names).size < names.length)
    throw new InvalidSetting(`a URL whose only parameters are ${tlsParameters.join(', ')}, each once`)
  if (names.length > 0 && url.protocol !== 'rediss:')
    throw new InvalidSetting('a rediss:// URL if it has parameters of TLS')
  if (url.searchParams.get('tls') === 'false') throw new InvalidSetting('a redis:// URL if tls is false')
  validUrl(() => readTlsOptions(url.searchParams))
  for (const part of [url.username, url.password]) {
    if (decoded(part) === null) throw new InvalidSetting('a URL with % written as %25')
  }
  return text
}

/** A URI, as RFC 9116 requires. */
export function readContact(text: string): string {
  const address = text.replace(/^mailto:/i, '')
  if (text.length <= 254 && /^[^\s@<>?]+@[^\s@<>?]+\.[^\s@<>?]+$/.test(address)) return `mailto:${address}`
  const url = text.length <= 2000 ? parseUrl(text) : null
  if (url?.protocol === 'https:' && !/\s/.test(text)) return url.href
  throw new InvalidSetting('an email address or an https URL')
}

export function readAddresses(text: string): string[] {
  return readList(text).map((entry) => {
    if (!isAddressRange(entry)) throw new InvalidSetting(`addresses or ranges like 10.0.0.0/8, separated by commas`)
    return entry
  })
}

export function readSecrets(text: string): string[] {
  const secrets = readList(text)
  if (secrets.length === 0 || secrets.some((secret) => secret.length < 32)) {
    throw new InvalidSetting('at least 32 characters long (each of them, in a list separated by commas)')
  }
  return secrets
}

const readList = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

function isAddressRange(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  if (bits === undefined) return true
  if (!/^\d{1,3}$/.test(bits)) return false
  try {
    new BlockList().addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6')
    return true
  } catch {
    return false
  }
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
