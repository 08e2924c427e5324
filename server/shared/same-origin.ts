// Only our own pages may call us from a browser. A site's page uses the widget's frame, whose origin is ours.

import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../process/config.ts'

/**
 * True for the origin of PUBLIC_URL (unset: of the Host header) and for programs, which send none. Never true for
 * 'null'.
 */
export function isSameOrigin(config: Pick<Config, 'publicUrl'>, headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  if (config.publicUrl !== null) return origin === new URL(config.publicUrl).origin
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)
}
