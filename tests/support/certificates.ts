// Certificates for tests, made by openssl: an authority of their own, a server certificate and a client certificate.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificates {
  /** The path of a PEM file: `ca`, `server`, `server-key`, `client`, `client-key`. */
  path(name: string): string
}

/** `names`: subject alternative names of the server, such as `DNS:localhost,IP:127.0.0.1`. */
export function makeCertificates(folder: string, names: string): Certificates {
  const path = (name: string) => join(folder, `${name}.pem`)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', path('ca-key'), '-out', path('ca'), '-days', '2', '-subj', '/CN=Tests')
  for (const [name, extension] of [
    ['server', `subjectAltName=${names}`],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    openssl('req', ...newKey, '-keyout', path(`${name}-key`), '-out', path(`${name}-request`), '-subj', `/CN=${name}`)
    writeFileSync(path(`${name}-extensions`), extension)
    openssl(
      ...['x509', '-req', '-in', path(`${name}-request`), '-CA', path('ca'), '-CAkey', path('ca-key')],
      ...['-CAcreateserial', '-days', '2', '-extfile', path(`${name}-extensions`), '-out', path(name)],
    )
  }
  return { path }
}
