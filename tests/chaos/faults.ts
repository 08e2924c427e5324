// Every fault that a run injects: what it breaks, for how long, and how it is healed. A fault resolves when it is
// healed.

import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisServer } from '../support/redis.ts'
import type { ChaosClient } from './chaos-client.ts'
import type { ChaosDatabase } from './chaos-database.ts'
import type { ChaosNode } from './chaos-node.ts'
import type { Random } from './random.ts'

export interface Targets {
  nodes: ChaosNode[]
  database: ChaosDatabase
  people: ChaosClient[]
  redis: RedisServer | null
}

export type FaultTarget = 'nodes' | 'database' | 'people' | 'redis'

export interface Fault {
  /** Two faults never affect the same target at the same time. */
  on: readonly FaultTarget[]
  run(targets: Targets, random: Random): Promise<void>
}

/** About a third of them, at least one. */
function some(people: ChaosClient[], random: Random): ChaosClient[] {
  return random.shuffle(people).slice(0, Math.max(1, Math.round(people.length / 3)))
}

async function onNetworks(people: ChaosClient[], during: number, harm: (client: ChaosClient) => void): Promise<void> {
  for (const client of people) harm(client)
  await sleep(during)
  for (const { relay } of people) relay.restore()
}

export const faults = {
  'server killed': {
    on: ['nodes'],
    async run({ nodes }, random) {
      const node = random.pick(nodes)
      node.kill()
      await node.ready()
    },
  },
  'server restarted': {
    on: ['nodes'],
    async run({ nodes }, random) {
      const node = random.pick(nodes)
      node.restart()
      await node.ready()
    },
  },
  'server frozen': {
    on: ['nodes'],
    async run({ nodes }, random) {
      const node = random.pick(nodes)
      node.freeze()
      await sleep(random.between(200, 2500))
      node.thaw()
    },
  },
  'worker killed': {
    on: ['nodes'],
    async run({ nodes }, random) {
      const node = random.pick(nodes)
      const worker = random.pick(node.workers())
      process.kill(worker, 'SIGKILL')
      await node.replaced(worker)
    },
  },
  'worker frozen': {
    on: ['nodes'],
    async run({ nodes }, random) {
      const worker = random.pick(random.pick(nodes).workers())
      process.kill(worker, 'SIGSTOP')
      await sleep(random.between(200, 2500))
      process.kill(worker, 'SIGCONT')
    },
  },
  'database killed': {
    on: ['database'],
    async run({ database }) {
      database.kill()
      await database.ready()
    },
  },
  'database frozen': {
    on: ['database'],
    async run({ database }, random) {
      database.freeze()
      await sleep(random.between(200, 3500))
      database.thaw()
    },
  },
  'database connections killed': {
    on: ['database'],
    async run({ database }) {
      await database.killConnections()
      await sleep(300)
    },
  },
  'power lost': {
    on: ['nodes', 'database'],
    async run({ nodes, database }, random) {
      // Frozen first, so that the kill hits commits in progress.
      database.freeze()
      await sleep(random.between(1, 60))
      for (const node of nodes) node.killAll()
      database.kill()
      database.thaw()
      await Promise.all([database.ready(), ...nodes.map((node) => node.ready())])
    },
  },
  'clients cut off': {
    on: ['people'],
    run: ({ people }, random) =>
      onNetworks(some(people, random), random.between(500, 3000), ({ relay }) => relay.cut()),
  },
  'clients half-open': {
    on: ['people'],
    run: ({ people }, random) =>
      onNetworks(some(people, random), random.between(1000, 4000), ({ relay }) => relay.silence()),
  },
  'clients slow': {
    on: ['people'],
    run: ({ people }, random) => {
      const link = { latencyMs: random.between(50, 400), bytesPerSecond: random.between(20_000, 200_000) }
      return onNetworks(some(people, random), random.between(1000, 4000), ({ relay }) => relay.slow(link))
    },
  },
  'Redis killed': {
    on: ['redis'],
    async run({ redis }, random) {
      redis?.kill('SIGKILL')
      await sleep(random.between(0, 3000))
      await redis?.startAgain()
    },
  },
  'Redis frozen': {
    on: ['redis'],
    async run({ redis }, random) {
      redis?.kill('SIGSTOP')
      await sleep(random.between(200, 3000))
      redis?.kill('SIGCONT')
    },
  },
  'Redis emptied': {
    on: ['redis'],
    async run({ redis }) {
      await redis?.command('FLUSHALL')
      await sleep(300)
    },
  },
  'Redis subscribers dropped': {
    on: ['redis'],
    async run({ redis }) {
      await redis?.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await sleep(300)
    },
  },
} satisfies Record<string, Fault>

export type FaultKind = keyof typeof faults

/** All kinds that apply to this many nodes with this many workers each. */
export function kindsFor({ nodes, workers }: { nodes: number; workers: number }): FaultKind[] {
  const happens = (kind: FaultKind) =>
    (nodes > 1 || !kind.startsWith('Redis')) && (workers > 1 || !kind.startsWith('worker'))
  return (Object.keys(faults) as FaultKind[]).filter(happens)
}
