// TLS to the database server: verified unless the URL says otherwise, and every refusal names TLS.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StartError } from '#db/embedded/start-error.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { startTlsDatabase, type TlsDatabase } from '../support/tls-database.ts'
import { openDatabase } from './databases.ts'

let server: TlsDatabase
beforeAll(async () => {
  server = await startTlsDatabase()
})
afterAll(() => server.stop())

const ca = () => `ca=${encodeURIComponent(server.certificates.path('ca'))}`
const clientCertificate = () =>
  `cert=${encodeURIComponent(server.certificates.path('client'))}&key=${encodeURIComponent(server.certificates.path('client-key'))}`

async function cipherOf(url: string): Promise<string | undefined> {
  const { rows } = await sql<{ Value: string }>`SHOW STATUS LIKE 'Ssl_cipher'`.execute(openDatabase({ url }))
  return rows[0]?.Value
}

describe('[DB47] [F12] [O2] a server that accepts TLS alone', () => {
  test.each(['localhost', '127.0.0.1', '[::1]'])('is prepared and used at %s with its CA', async (host) => {
    const url = server.url(host, ca())
    await prepareDatabase({ url })
    expect(await cipherOf(url)).toMatch(/^TLS_/)
  })

  test('is used with a client certificate, and refuses the same user without one', async () => {
    const url = (query: string) => server.url('localhost', query).replace('//kefu:', '//certified:')
    await prepareDatabase({ url: url(`${ca()}&${clientCertificate()}`) })
    await expect(prepareDatabase({ url: url(ca()) })).rejects.toThrow('refuses us: Access denied')
  })

  test('is used unverified only if the URL says so', async () => {
    expect(await cipherOf(server.url('127.0.0.2', 'tls=unverified'))).toMatch(/^TLS_/)
  })

  test.each<[string, () => string, RegExp]>([
    ['plain text', () => server.url('127.0.0.1'), /TLS: add|requires TLS, add \?tls=true or \?ca=/],
    ['an unknown CA', () => server.url('localhost', 'tls=true'), /^TLS with the database server failed: .*\?ca=\/path/],
    ['a name that is not in the certificate', () => server.url('127.0.0.2', ca()), /^TLS with .* altnames/],
  ])('is refused with one line that names TLS: %s', async (_, url, line) => {
    const error = await prepareDatabase({ url: url() }).catch((thrown: Error) => thrown)
    expect(error).toBeInstanceOf(StartError)
    expect((error as Error).message).toMatch(line)
    expect((error as Error).message).not.toContain('\n')
  })

  test('gets no statement over a connection whose server is not verified', async () => {
    const db = openDatabase({ url: server.url('127.0.0.2', ca()) })
    await expect(sql`SELECT 1`.execute(db)).rejects.toThrow('cannot reach the database')
  })
})

test('[DB47] [O2] a connection is replaced when it has reached its longest life', async () => {
  const db = openDatabase({ url: server.url('localhost', ca()) }, { connections: 1, lifeMs: 300 })
  const idOf = async () => {
    const { rows } = await sql<{ id: number }>`SELECT CONNECTION_ID() AS id`.execute(db)
    return rows[0]?.id
  }
  const first = await idOf()
  expect(await idOf()).toBe(first)
  await expect.poll(idOf).not.toBe(first)
})
