// The bus over TLS: verified by the CA that REDIS_URL names.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRedis, type Redis } from '../../server/cluster/redis-bus.ts'
import { createLog } from '../../server/process/log.ts'
import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { findRedis } from '../support/programs.ts'
import { freePort } from '../support/redis.ts'

let folder: string
let certificates: Certificates
let port: number
let stopRedis = async () => {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kefu-redis-tls-'))
  certificates = makeCertificates(folder, 'IP:::1')
  port = await freePort()
  const options = {
    port: 0,
    'tls-port': port,
    bind: '::1',
    requirepass: 'a@b',
    save: '',
    dir: folder,
    'tls-ca-cert-file': certificates.path('ca'),
    'tls-cert-file': certificates.path('server'),
    'tls-key-file': certificates.path('server-key'),
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(findRedis() as string, args, { argv0: 'redis-server', stdio: 'ignore' })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  stopRedis = async () => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true })
  }
})
afterAll(() => stopRedis())

function connect(query: string): { redis: Redis; lines: string[] } {
  const lines: string[] = []
  const url = `rediss://:a%40b@[::1]:${port}?${query}`
  const redis = connectRedis(url, createLog('info', { write: (line) => void lines.push(line) }))
  redis.start()
  return { redis, lines }
}

test('[O2] connects to an IPv6 address with its CA and a client certificate, and not without them', async () => {
  const { path } = certificates
  const good = connect(`ca=${path('ca')}&cert=${path('client')}&key=${path('client-key')}`)
  await expect.poll(() => good.redis.isUp()).toBe(true)
  const bad = connect(`cert=${path('client')}&key=${path('client-key')}`)
  await expect.poll(() => bad.lines.join()).toContain('lost connection to Redis')
  expect(bad.lines.join()).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED|unable to verify/i)
  expect(bad.redis.isUp()).toBe(false)
  await Promise.all([good.redis.stop(), bad.redis.stop()])
})
