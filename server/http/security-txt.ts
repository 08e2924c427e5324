// /.well-known/security.txt (RFC 9116): where to report a vulnerability. Served when SECURITY_CONTACT is set.

import type { App } from '../context.ts'
import { type HttpServer, pages, routeNotFound } from './route-auth.ts'

const path = '/.well-known/security.txt'
const dayMs = 24 * 3600_000
/** The RFC recommends less than a year. */
const validDays = 180

export function securityTxtRoute({ config, now }: App, http: HttpServer): void {
  const { securityContact, publicUrl } = config
  http.get(path, { config: pages }, (_request, reply) => {
    if (securityContact === null) throw routeNotFound()
    // Rounded to whole days, so that the text changes once a day.
    const expires = new Date((Math.floor(now() / dayMs) + validDays) * dayMs)
    const lines = [
      `Contact: ${securityContact}`,
      `Expires: ${expires.toISOString()}`,
      'Preferred-Languages: en, zh',
      ...(publicUrl === null ? [] : [`Canonical: ${publicUrl}${path}`]),
    ]
    return reply
      .type('text/plain; charset=utf-8')
      .header('cache-control', 'public, max-age=3600')
      .send(`${lines.join('\n')}\n`)
  })
}
