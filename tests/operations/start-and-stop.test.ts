// A real Kefu process from its first start to its last: the files it creates, the starts it refuses, and what remains.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { databasePid, isRunning, newDataDir, startServer, startWithNpm, until } from '../support/server-process.ts'

const status = async (url: string) => (await fetch(url)).status

describe('a start', () => {
  test('creates everything the first time, is fast the second time, and leaves no process when stopped', async () => {
    const dataDir = await newDataDir()
    const firstAt = performance.now()
    const first = startServer(dataDir)
    const url = await first.ready()
    const firstMs = performance.now() - firstAt
    expect(await status(`${url}/healthz`)).toBe(200)
    expect(await status(`${url}/readyz`)).toBe(200)
    expect(first.output()).toMatch(/\/setup#[\w-]{20,}/)
    const database = databasePid(dataDir)
    expect(isRunning(database)).toBe(true)
    first.kill('SIGTERM')
    expect((await first.exited).code).toBe(0)
    expect(isRunning(database)).toBe(false)
    const secret = readFileSync(join(dataDir, 'jwt-secret'), 'utf8')
    expect(secret.trim().length).toBeGreaterThanOrEqual(32)
    expect(statSync(join(dataDir, 'jwt-secret')).mode & 0o777).toBe(0o600)
    expect(statSync(join(dataDir, 'database')).mode & 0o777).toBe(0o700)

    const startedAt = performance.now()
    const second = startServer(dataDir)
    expect(await status(`${await second.ready()}/readyz`)).toBe(200)
    // The benchmark measures how fast.
    expect(performance.now() - startedAt).toBeLessThan(2 * firstMs)
    expect(readFileSync(join(dataDir, 'jwt-secret'), 'utf8')).toBe(secret)
    second.kill('SIGINT')
    second.kill('SIGINT')
    expect((await second.exited).code).toBe(0)
    expect(isRunning(databasePid(dataDir))).toBe(false)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('by npm ends all its processes on %s to npm', async (signal) => {
    const dataDir = await newDataDir()
    const server = startWithNpm(dataDir)
    const url = await server.ready()
    const database = databasePid(dataDir)
    expect(isRunning(database)).toBe(true)
    server.kill(signal)
    await server.exited
    expect(isRunning(database)).toBe(false)
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  })

  test('that is interrupted leaves no process', async () => {
    const dataDir = await newDataDir()
    const server = startServer(dataDir)
    await until(() => databasePid(dataDir) !== null)
    server.kill('SIGTERM')
    await server.exited
    const database = databasePid(dataDir)
    await until(() => !isRunning(database))
  })

  test('with invalid settings prints one line for each and creates nothing', async () => {
    const dataDir = join(await newDataDir(), 'none')
    const { exited } = startServer(dataDir, { PORT: 'http', PUBLIC_URL: 'https://a/b', REDIS_URL: '127.0.0.1' })
    const { code, stdout, stderr } = await exited
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['PORT', 'REDIS_URL', 'PUBLIC_URL'])
    expect(() => statSync(dataDir)).toThrow()
  })

  test('in a locked data directory is refused with one line, and the holder is not affected', async () => {
    const dataDir = await newDataDir()
    const first = startServer(dataDir)
    const url = await first.ready()
    const { code, stderr } = await startServer(dataDir).exited
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Another Kefu process is using .*\n$/)
    expect(await status(`${url}/readyz`)).toBe(200)
  })

  test('is refused on files of a newer MariaDB and works on those of an older one', async () => {
    const dataDir = await newDataDir()
    const first = startServer(dataDir)
    await first.ready()
    first.kill('SIGTERM')
    await first.exited
    const version = join(dataDir, 'database', 'version')
    const own = readFileSync(version, 'utf8')
    writeFileSync(version, '99.1.0\n')
    const { code, stderr } = await startServer(dataDir).exited
    expect(code).toBe(1)
    expect(stderr).toMatch(/^\S+ was last used by MariaDB 99\.1\.0.*\n$/)
    writeFileSync(version, '10.3.1\n')
    await startServer(dataDir).ready()
    expect(readFileSync(version, 'utf8')).toBe(own)
  })

  test('on a port in use says so and leaves no database running', async () => {
    const dataDir = await newDataDir()
    const other = createServer().listen(0, '127.0.0.1')
    await until(() => other.listening)
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { code, stderr } = await startServer(dataDir, { PORT: String(port) }).exited
    other.close()
    expect(code).toBe(1)
    expect(stderr).toContain(String(port))
    expect(isRunning(databasePid(dataDir))).toBe(false)
  })

  test('in a folder with a long path keeps the socket elsewhere', async () => {
    const dataDir = join(await newDataDir(), 'd'.repeat(120))
    mkdirSync(dataDir)
    const server = startServer(dataDir)
    expect(await status(`${await server.ready()}/readyz`)).toBe(200)
    server.kill('SIGTERM')
    expect((await server.exited).code).toBe(0)
  })
})
