// A private Redis for tests, on a free local port, with a password and without persistence. Tests freeze, kill, empty
// and restart it.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { findRedis } from './programs.ts'
import { until } from './server-process.ts'

export interface RedisServer {
  url: string
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** After SIGKILL: starts an empty one on the same port. */
  startAgain(): Promise<void>
  command(...words: string[]): Promise<unknown>
  stop(): Promise<void>
}

export async function startRedis(): Promise<RedisServer> {
  const program = findRedis()
  if (program === undefined) throw new Error('no Redis on this machine')
  const folder = await mkdtemp(join(tmpdir(), 'kefu-redis-'))
  const port = await freePort()
  const url = `redis://:tests@127.0.0.1:${port}`
  const options = { port, bind: '127.0.0.1', requirepass: 'tests', save: '', dir: folder }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])

  async function start() {
    const child = spawn(program as string, args, { argv0: 'redis-server', stdio: 'ignore' })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    await until(() => command('PING').then(isOk, isNotOk))
    return { child, exited }
  }

  async function command(...words: string[]): Promise<unknown> {
    const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => {})
    try {
      await client.connect()
      return await client.sendCommand(words)
    } finally {
      client.destroy()
    }
  }

  let running = await start()
  return {
    url,
    command,
    kill: (signal) => void running.child.kill(signal),
    async startAgain() {
      await running.exited
      running = await start()
    },
    async stop() {
      running.child.kill('SIGKILL')
      await running.exited
      await rm(folder, { recursive: true })
    },
  }
}

const isOk = () => true
const isNotOk = () => false

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
