// All processes of a run, the database and the Kefu nodes, in a temporary folder that is deleted at the end.

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type RedisServer, startRedis } from '../support/redis.ts'
import { type ChaosDatabase, startChaosDatabase } from './chaos-database.ts'
import { type ChaosNode, startNode } from './chaos-node.ts'
import { createJournal, type Journal } from './journal.ts'
import { adminPassword } from './people.ts'

export interface Cluster {
  folder: string
  journal: Journal
  database: ChaosDatabase
  nodes: ChaosNode[]
  /** null when the nodes are not connected to each other. */
  redis: RedisServer | null
  /** Keeps the folder for inspection when asked to. */
  stop(keepFolder: boolean): Promise<void>
}

export interface ClusterOptions {
  nodes: number
  /** Of each node. */
  workers?: number
  /** The folder of the server's source. */
  source: string
  /** Leaves out Redis, so that the nodes are not connected to each other. */
  withoutRedis?: true
  /** More settings for the nodes. */
  env?: Record<string, string>
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { nodes: count, workers = 1, source, withoutRedis, env: more = {} } = options
  const folder = await mkdtemp(join(tmpdir(), 'kefu-chaos-'))
  const journal = createJournal(join(folder, 'run.ndjson'))
  const database = await startChaosDatabase(join(folder, 'database'))
  const redis = count > 1 && !withoutRedis ? await startRedis() : null
  const env = {
    HOME: folder,
    DATABASE_URL: database.url,
    JWT_SECRET: randomBytes(32).toString('base64url'),
    ADMIN_PASSWORD: adminPassword,
    RATE_LIMITS: 'off',
    WORKERS: String(workers),
    ...(redis ? { REDIS_URL: redis.url } : {}),
    ...more,
  }
  const nodes: ChaosNode[] = []
  for (let n = 1; n <= count; n++) {
    // A restarted process must use the same port.
    const port = await freePort()
    nodes.push(startNode({ name: `node${n}`, source, folder, port, env, journal }))
  }
  await Promise.all(nodes.map((node) => node.ready()))
  return {
    folder,
    journal,
    database,
    nodes,
    redis,
    async stop(keepFolder) {
      await Promise.all(nodes.map((node) => node.stop()))
      await redis?.stop()
      await database.stop()
      if (!keepFolder) await rm(folder, { recursive: true })
    },
  }
}
