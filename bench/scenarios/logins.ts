// What an attack on the login costs the chat: messages at a steady rate, with and without as many wrong passwords as the server takes; and
// whether the time of an answer tells that a user exists. Rates are off: the attack comes from everywhere at once.

import { setTimeout as sleep } from 'node:timers/promises'
import { type KefuSystem, scaled, startKefuSystem } from '../load/comparison.ts'
import type { Measured } from '../load/jobs.ts'
import { type Bench, type Metric, metric, type Scenario } from '../metrics.ts'
import { median } from '../percentiles.ts'

const perSecond = 200
/** More than are hashed and wait, so that some are always turned away. */
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

/** Wrong passwords without end; `stop` tells how many were hashed. */
function startAttack(url: URL): { stop(): Promise<number> } {
  let hashed = 0
  let isOn = true
  async function attack() {
    while (isOn) {
      const { status } = await tryLogin(url, 'admin')
      if (status === 401) hashed++
      else await sleep(pauseMs)
    }
  }
  const running = Array.from({ length: attackers }, attack)
  return {
    async stop() {
      isOn = false
      await Promise.all(running)
      return hashed
    },
  }
}

/** By turns, so that whatever slows the machine slows both. */
async function measureTiming({ options, progress }: Bench, { server }: KefuSystem): Promise<Metric[]> {
  const tries = options.quick ? 50 : 1_000
  progress(`${tries} tries each as somebody who exists and as nobody`)
  const ms = { known: [] as number[], unknown: [] as number[] }
  for (let index = -5; index < tries; index++) {
    const order = index % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
    for (const who of order) {
      const timings = (await tryLogin(server.url, who === 'known' ? 'admin' : 'nobody')).ms
      if (index >= 0) ms[who].push(timings)
    }
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const apart = Math.abs(mean(ms.known) - mean(ms.unknown))
  return [
    metric('a wrong password, somebody', 'ms', [mean(ms.known)]),
    metric('a wrong password, nobody', 'ms', [mean(ms.unknown)]),
    metric('difference of the means', 'ms', [apart], { atMost: 5 }),
    metric('difference of the medians', 'ms', [Math.abs(median(ms.known) - median(ms.unknown))], { atMost: 5 }),
  ]
}

async function tryLogin(url: URL, username: string): Promise<{ status: number; ms: number }> {
  const from = performance.now()
  const answer = await fetch(new URL('/api/v1/auth/login', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: 'not the password' }),
  })
  await answer.arrayBuffer()
  return { status: answer.status, ms: performance.now() - from }
}
