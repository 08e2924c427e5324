// A private MariaDB that accepts TLS alone, on 127.0.0.1, 127.0.0.2 and ::1. Its certificate is for localhost,
// 127.0.0.1 and ::1.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { driverOptions } from '#db/core/connect.ts'
import { childEnvironment } from '#db/embedded/child-environment.ts'
import { createFiles } from '#db/embedded/database-files.ts'
import { createDirectories, layoutOf } from '#db/embedded/layout.ts'
import { administrator, servingOptions } from '#db/embedded/server-options.ts'
import { serverProgram } from '#db/embedded/server-program.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { freePort } from './redis.ts'
import { until } from './server-process.ts'

export const tlsPassword = 'p@ss:/?#%+ 电池'

export interface TlsDatabase {
  port: number
  certificates: Certificates
  /** Over the socket, which needs no TLS. */
  admin: Connection
  /** The URL of a user with tlsPassword; `query` without its question mark. */
  url(host: string, query?: string): string
  stop(): Promise<void>
}

export async function startTlsDatabase(): Promise<TlsDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'kefu-tls-'))
  const certificates = makeCertificates(folder, 'DNS:localhost,IP:127.0.0.1,IP:::1')
  const program = await serverProgram(() => {})
  const layout = layoutOf(folder)
  createDirectories(layout)
  await createFiles(program, layout, () => {})
  const port = await freePort()
  const child = spawn(
    program.path,
    [
      ...servingOptions(layout, 32 * 2 ** 20).filter((option) => !/skip-networking|init-file/.test(option)),
      `--port=${port}`,
      '--bind-address=127.0.0.1,127.0.0.2,::1',
      '--require-secure-transport=ON',
      `--ssl-ca=${certificates.path('ca')}`,
      `--ssl-cert=${certificates.path('server')}`,
      `--ssl-key=${certificates.path('server-key')}`,
    ],
    { env: childEnvironment(), stdio: 'ignore' },
  )
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const address = { socketPath: layout.socket, user: administrator, database: 'mysql' }
  const open = () => createConnection(driverOptions(address))
  await until(() =>
    open().then(
      async (connection) => {
        await connection.end()
        return true
      },
      () => false,
    ),
  )
  const admin = await open()
  await admin.query("CREATE USER 'kefu'@'%' IDENTIFIED BY ?", [tlsPassword])
  await admin.query("CREATE USER 'certified'@'%' IDENTIFIED BY ? REQUIRE X509", [tlsPassword])
  for (const user of ['kefu', 'certified']) await admin.query(`GRANT ALL ON *.* TO '${user}'@'%'`)
  return {
    port,
    certificates,
    admin,
    url: (host, query = '') => `mysql://kefu:${encodeURIComponent(tlsPassword)}@${host}:${port}/kefu_tls?${query}`,
    async stop() {
      admin.destroy()
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true })
    },
  }
}
