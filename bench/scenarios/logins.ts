// The effect of a login flood on messages at a steady rate, and whether response times reveal that a username exists.
// Rate limits are off, as if the flood came from many addresses.

import { setTimeout as sleep } from 'node:timers/promises'
import { type KefuSystem, scaled, startKefuSystem } from '../load/comparison.ts'
import type { Measured } from '../load/jobs.ts'
import { type Bench, type Metric, metric, type Scenario } from '../metrics.ts'
import { median } from '../percentiles.ts'

const perSecond = 200
/** More than the hash queues hold, so that some are always rejected. */
const attackers = 110
const pauseMs = 250

export const logins: Scenario = {
  name: 'logins',
  async run(bench) {
    const ours = await startKefuSystem(scaled({ rooms: 50, agents: 10 }, bench.options.scale))
    try {
      return [...(await measureFlood(bench, ours)), ...(await measureTiming(bench, ours))]
    } finally {
      await ours.stop()
    }
  },
}

async function measureFlood(
  { options, progress, retryIfDisturbed }: Bench,
  { load, server }: KefuSystem,
): Promise<Metric[]> {
  const { ms, warmUpMs, rounds } = options
  const calm: Measured[] = []
  const flooded: Measured[] = []
  let tries = 0
  const measure = () => load.open({ perSecond, ms, warmUpMs, pids: [] })
  for (let round = 1; round <= rounds; round++) {
    progress(`${perSecond} messages a second beside ${attackers} attackers: round ${round}`)
    calm.push(await retryIfDisturbed('without an attack', measure))
    const attack = startAttack(server.url)
    flooded.push(await retryIfDisturbed('under attack', measure))
    tries += await attack.stop()
  }
  const metrics = [metric('wrong passwords hashed under attack', '/s', [tries / (rounds * ((ms + warmUpMs) / 1000))])]
  for (const rank of ['p50', 'p99'] as const) {
    const before = calm.map(({ ackMs }) => ackMs[rank])
    const during = flooded.map(({ ackMs }) => ackMs[rank])
    metrics.push(metric(`ack ${rank} without an attack`, 'ms', before))
    metrics.push(metric(`ack ${rank} under attack`, 'ms', during, { atMost: 2 * median(before) }))
  }
  return metrics
}

/** Tries wrong passwords until `stop`, which resolves with the number of hashes. */
function startAttack(url: URL): { stop(): Promise<number> } {
  let hashed = 0
  let isRunning = true
  async function attack() {
    while (isRunning) {
      const { status } = await tryLogin(url, 'admin')
      if (status === 401) hashed++
      else await sleep(pauseMs)
    }
  }
  const running = Array.from({ length: attackers }, attack)
  return {
    async stop() {
      isRunning = false
      await Promise.all(running)
      return hashed
    },
  }
}

/** Alternates both cases, so that disturbances affect them equally. */
async function measureTiming({ options, progress }: Bench, { server }: KefuSystem): Promise<Metric[]> {
  const tries = options.quick ? 50 : 1_000
  progress(`${tries} tries each with an existing and an unknown username`)
  const ms = { existing: [] as number[], unknown: [] as number[] }
  for (let index = -5; index < tries; index++) {
    const order = index % 2 === 0 ? (['existing', 'unknown'] as const) : (['unknown', 'existing'] as const)
    for (const who of order) {
      const elapsed = (await tryLogin(server.url, who === 'existing' ? 'admin' : 'nobody')).ms
      if (index >= 0) ms[who].push(elapsed)
    }
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const difference = Math.abs(mean(ms.existing) - mean(ms.unknown))
  return [
    metric('a wrong password, existing user', 'ms', [mean(ms.existing)]),
    metric('a wrong password, unknown user', 'ms', [mean(ms.unknown)]),
    metric('difference of the means', 'ms', [difference], { atMost: 5 }),
    metric('difference of the medians', 'ms', [Math.abs(median(ms.existing) - median(ms.unknown))], { atMost: 5 }),
  ]
}

async function tryLogin(url: URL, username: string): Promise<{ status: number; ms: number }> {
  const from = performance.now()
  const response = await fetch(new URL('/api/v1/auth/login', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: 'not the password' }),
  })
  await response.arrayBuffer()
  return { status: response.status, ms: performance.now() - from }
}
