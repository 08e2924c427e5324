// Warns once about each proxy that TRUSTED_PROXIES does not name: all callers behind it count as one address.

import { BlockList, isIP } from 'node:net'
import type { App } from '../context.ts'
import { groupAddress, isForwarded, normalizeAddress } from '../shared/client-address.ts'
import { logSecurity } from '../shared/security-log.ts'
import type { HttpServer } from './route-auth.ts'

/** Most peers to report: anybody can send such headers. */
const maxReports = 20

const ownNetworks = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  ownNetworks.addSubnet(network, bits, 'ipv4')
}
ownNetworks.addSubnet('fc00::', 7, 'ipv6')
ownNetworks.addSubnet('fe80::', 10, 'ipv6')
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export function reportUntrustedProxies(app: App, http: HttpServer): void {
  const reported = new Set<string>()
  const trusted = blockListOf(app.config.trustedProxies)
  http.addHook('onRequest', async ({ raw }) => {
    if (reported.size >= maxReports || !isForwarded(raw)) return
    const peer = normalizeAddress(raw.socket.remoteAddress ?? '')
    if (peer === null || isIn(trusted, peer)) return
    const { group } = groupAddress(peer)
    if (reported.has(group)) return
    reported.add(group)
    // The address itself may be a person's, so it is not logged.
    const reason = isIn(loopback, peer) ? 'loopback' : isIn(ownNetworks, peer) ? 'private_network' : 'internet'
    logSecurity(app, 'untrusted_proxy', { reason }, group)
  })
}

/** This process speaks only http. So PUBLIC_URL with https means that a proxy is in front of it. */
export function warnOfMissingProxies({ config, log }: Pick<App, 'config' | 'log'>): void {
  if (!config.publicUrl?.startsWith('https:') || config.trustedProxies.length > 0) return
  log.warn('PUBLIC_URL is https but TRUSTED_PROXIES is not set: all callers count as one address')
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

const isIn = (list: BlockList, address: string) => list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
