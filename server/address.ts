// Whose address a request counts for. X-Forwarded-For is believed only as far as TRUSTED_PROXIES vouch for it, read by the same
// library that Fastify uses, so that HTTP calls and sockets agree.

import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import type { Config } from './config.ts'

/** An IPv4 or IPv6 address as text; IPv4 is never written as IPv6. */
export function addressOf({ trustedProxies }: Pick<Config, 'trustedProxies'>, request: IncomingMessage): string {
  const address = proxyAddr(request, [...trustedProxies]) ?? ''
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/**
 * True for a caller on this machine itself: the peer and the name it asked for are the loopback's, and nobody passed the request on. A
 * proxy on this machine would otherwise make everybody local, and so would a page whose host name was bound to 127.0.0.1.
 */
export function isLocal({ socket, headers }: IncomingMessage): boolean {
  const peer = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? ''
  const isForwarded = Object.keys(headers).some((name) => /^(x-forwarded-.*|forwarded|x-real-ip|via)$/.test(name))
  return (
    /^(127\.|::1$)/.test(peer) && !isForwarded && /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/i.test(headers.host ?? '')
  )
}
