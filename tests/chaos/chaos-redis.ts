// The run's Redis: keeps nothing on disk, so that a killed one comes back empty.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { type Child, spawnChild } from './child.ts'

export interface ChaosRedis {
  url: string
  kill(): void
  freeze(): void
  thaw(): void
  /** After a kill, once the one before has ended. */
  start(): Promise<void>
  empty(): Promise<void>
  dropSubscribers(): Promise<void>
  stop(): Promise<void>
}

const folders = ['/usr/bin', '/usr/local/bin', '/usr/sbin', '/opt/homebrew/bin']

export function findRedis(): string | undefined {
  return folders.map((folder) => join(folder, 'redis-server')).find((path) => existsSync(path))
}

export async function startChaosRedis(folder: string, port: number): Promise<ChaosRedis> {
  const program = findRedis()
  if (program === undefined) throw new Error('two nodes need redis-server: apt-get install redis-server')
  const url = `redis://127.0.0.1:${port}`
  let child: Child

  async function start() {
    await child?.exited
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
    child = spawnChild(program as string, options, { cwd: folder, env: {}, outputFile: join(folder, 'redis.log') })
    for (const giveUpAt = performance.now() + 10_000; ; await sleep(20)) {
      try {
        return await send(['PING'])
      } catch (error) {
        if (performance.now() > giveUpAt) throw error
      }
    }
  }

  async function send(command: string[]) {
    const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 1000 } })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.sendCommand(command)
    } finally {
      client.destroy()
    }
  }

  await start()
  return {
    url,
    kill: () => child.kill('SIGKILL'),
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    start,
    empty: () => send(['FLUSHALL']),
    dropSubscribers: () => send(['CLIENT', 'KILL', 'TYPE', 'pubsub']),
    async stop() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
