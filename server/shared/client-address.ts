// The client address of a request, for all limits, logs and local-only checks. It uses X-Forwarded-For only as far as
// TRUSTED_PROXIES allow.

import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6, type Socket } from 'node:net'
import proxyAddr from '@fastify/proxy-addr'
import type { Config } from '../process/config.ts'

export interface ClientAddress {
  /** Canonical text: no port, brackets or zone; IPv4 never as IPv6. Empty when the socket is already closed. */
  address: string
  /** The key of limits: the address itself, or for IPv6 its /64, which one household or server gets. */
  group: string
  /** For IPv6 the /48, which one organization gets (RFC 6177); for IPv4 the address itself. */
  network: string
}

/** Most hops to read from X-Forwarded-For, the nearest first. */
const forwardedHops = 20

type TrustSettings = Pick<Config, 'trustedProxies'>
const trustByList = new WeakMap<readonly string[], (address: string, hop: number) => boolean>()

/** Carries the client's address when one worker proxies a request to another. */
export const proxiedAddressHeader = 'kefu-client-address'
const workerSockets = new WeakSet<object>()

/** Only for connections from other workers. */
export const trustAddressHeader = (socket: object): void => void workerSockets.add(socket)

export function clientAddress({ trustedProxies }: TrustSettings, { socket, headers }: IncomingMessage): ClientAddress {
  if (workerSockets.has(socket)) return groupAddress(normalizeAddress(String(headers[proxiedAddressHeader])) ?? '')
  let address = normalizeAddress(socket.remoteAddress ?? '') ?? ''
  if (trustedProxies.length > 0) {
    const isTrusted = trustOf(trustedProxies)
    const hops = lastEntries(headers['x-forwarded-for'])
    for (let hop = 0; hop < hops.length && isTrusted(address, hop); hop++) {
      const next = normalizeAddress(hops[hop] as string)
      // An unparsable hop counts for the proxy that sent it.
      if (next === null) break
      address = next
    }
  }
  return groupAddress(address)
}

/** The address of a connection before its first request; null if it carries requests of other addresses. */
export function peerAddress({ trustedProxies }: TrustSettings, socket: Socket): ClientAddress | null {
  const address = normalizeAddress(socket.remoteAddress ?? '')
  if (address === null || (trustedProxies.length > 0 && trustOf(trustedProxies)(address, 0))) return null
  return groupAddress(address)
}

function trustOf(trustedProxies: readonly string[]) {
  const compiled = trustByList.get(trustedProxies) ?? proxyAddr.compile([...trustedProxies])
  trustByList.set(trustedProxies, compiled)
  return compiled
}

/** Nearest hop first. */
function lastEntries(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text
    .slice(-forwardedHops * 64)
    .split(',')
    .reverse()
    .slice(0, forwardedHops)
    .filter((entry) => entry.trim() !== '')
}

/** Parses an address in any form that a proxy writes; null when it is not an address. */
export function normalizeAddress(written: string): string | null {
  if (written.length > 100) return null
  const text = withoutPort(forwardedFor(written)).split('%')[0] as string
  const ipv4 = decimalIPv4(text)
  if (ipv4 !== null) return ipv4
  const ipv6 = text.replace(/[\d.]+$/, (last) => decimalIPv4(last) ?? last)
  if (!isIPv6(ipv6)) return null
  // The URL parser formats IPv6 as in RFC 5952.
  return embeddedIPv4(hextetsOf(ipv6)) ?? new URL(`http://[${ipv6}]`).hostname.slice(1, -1)
}

/** Removes quotes, and takes the client of an element of `Forwarded` (RFC 7239). */
function forwardedFor(written: string): string {
  const text = written.trim()
  const [, value] = /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;]*)/i.exec(text) ?? []
  return (value ?? text).trim().replace(/^"|"$/g, '').trim()
}

/** Removes brackets, and a port, which may be obfuscated. */
function withoutPort(text: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::[\w.-]*)?$/.exec(text) ?? []
  if (bracketed !== undefined) return bracketed
  const [, dotted] = /^((?:[\da-f:]*:)?\d+\.\d+\.\d+\.\d+):[\w.-]*$/i.exec(text) ?? []
  if (dotted !== undefined) return dotted
  // After eight groups, or with five digits, it cannot be part of the address.
  const [, ipv6] = /^((?:[\da-f]+:){7}[\da-f]+):\d*$/i.exec(text) ?? /^([\da-f:]+:[\da-f]+):\d{5}$/i.exec(text) ?? []
  return ipv6 ?? text
}

/** Leading zeros do not make a number octal. */
function decimalIPv4(text: string): string | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null
  const decimal = text.split('.').map(Number).join('.')
  return isIPv4(decimal) ? decimal : null
}

/** The IPv4 address in a mapped, translated (RFC 6052, RFC 2765) or compatible one. */
function embeddedIPv4(hextets: number[]): string | null {
  const prefix = hextets.slice(0, 6).join(':')
  const [high = 0, low = 0] = hextets.slice(6)
  const isEmbedded =
    ['0:0:0:0:0:65535', '0:0:0:0:65535:0', `${0x64}:${0xff9b}:0:0:0:0`].includes(prefix) ||
    (prefix === '0:0:0:0:0:0' && high !== 0)
  return isEmbedded ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : null
}

/** `address` as normalizeAddress returns it. */
export function groupAddress(address: string): ClientAddress {
  if (!isIPv6(address)) return { address, group: address, network: address }
  const prefix = (hextets: number) =>
    `${hextetsOf(address)
      .slice(0, hextets)
      .map((hextet) => hextet.toString(16))
      .join(':')}::/${hextets * 16}`
  return { address, group: prefix(4), network: prefix(3) }
}

/** The eight numbers of an IPv6 address. */
function hextetsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16)
  const [, front = '', a = '', b = '', c = '', d = ''] = dotted ?? []
  const text = dotted ? `${front}${hex(a, b)}:${hex(c, d)}` : address
  const [head = '', tail] = text.split('::')
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map((hextet) => Number.parseInt(hextet, 16)))
  if (tail === undefined) return numbers(head)
  const [before, after] = [numbers(head), numbers(tail)]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

const forwardingHeader = /^(x-forwarded-.*|forwarded|x-real-ip|x-client-ip|cf-connecting-ip|true-client-ip|via)$/

/** Whether any header indicates a proxy. */
export const isForwarded = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  Object.keys(headers).some((name) => forwardingHeader.test(name))

/**
 * True for a caller on this machine: peer and Host are loopback, and no proxy is involved. A proxy exists where
 * TRUSTED_PROXIES is set and where PUBLIC_URL is https, since this process speaks only http. HTTP/1.0 is nginx's
 * default towards its upstream.
 */
export function isLocal(
  { trustedProxies, publicUrl }: Pick<Config, 'trustedProxies' | 'publicUrl'>,
  request: IncomingMessage,
): boolean {
  if (trustedProxies.length > 0 || publicUrl?.startsWith('https:')) return false
  const { socket, headers, httpVersion } = request
  const peer = normalizeAddress(socket.remoteAddress ?? '') ?? ''
  return (
    /^(127\.|::1$)/.test(peer) &&
    httpVersion !== '1.0' &&
    !isForwarded(request) &&
    /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/i.test(headers.host ?? '')
  )
}
