// Which pages may speak to us as a browser: our own alone. A site's pages act through the widget's frame, whose origin is ours.

import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../process/config.ts'

/** True for PUBLIC_URL's origin (unset: the origin that the Host header names) and for programs, which send none. 'null' is nobody's. */
export function isSameOrigin(config: Pick<Config, 'publicUrl'>, headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  if (config.publicUrl !== null) return origin === new URL(config.publicUrl).origin
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)
}
