// 200 agents come back at one moment, as after a restart: how long until a colleague has been told all of them online.

import { setTimeout as sleep } from 'node:timers/promises'
import { createAgents } from '../accounts.ts'
import { type LoadConnection, openConnection } from '../load/connection.ts'
import { type Metric, metric, type Scenario } from '../metrics.ts'
import { startKefu } from '../servers.ts'

const giveUpMs = 30_000

export const presence: Scenario = {
  name: 'presence',
  async run({ options, progress }): Promise<Metric[]> {
    const count = options.quick ? 20 : 200
    const kefu = await startKefu()
    try {
      progress(`signing ${count} agents in`)
      const [watcherToken = '', ...tokens] = await createAgents(kefu, count + 1)
      const watcher = await watchStatuses(kefu.url, watcherToken)
      await watcher.until('online', 1)
      const seconds: number[] = []
      for (let round = 1; round <= options.rounds; round++) {
        progress(`${count} agents connect: round ${round}`)
        const from = performance.now()
        const connections = await Promise.all(tokens.map((token) => connect(kefu.url, token)))
        await watcher.until('online', count + 1)
        seconds.push((performance.now() - from) / 1000)
        for (const connection of connections) connection.close()
        if (round < options.rounds) await watcher.until('offline', count)
      }
      return [metric(`${count} agents connect at once: all told online`, 's', seconds)]
    } finally {
      await kefu.stop()
    }
  },
}

const connect = (url: URL, token: string): Promise<LoadConnection> =>
  openConnection(url, { auth: { token }, requests: [] }, { acknowledged() {}, event() {}, ended() {} })

/** Keeps what it is told of each agent. */
async function watchStatuses(url: URL, token: string) {
  const statuses = new Map<number, string>()
  await openConnection(
    url,
    { auth: { token }, requests: [] },
    {
      acknowledged() {},
      ended() {},
      event(bytes, from, to) {
        const [name, data] = JSON.parse(bytes.toString('utf8', from, to)) as [
          string,
          { agentId: number; status: string },
        ]
        if (name === 'agent:status-changed') statuses.set(data.agentId, data.status)
      },
    },
  )
  return {
    async until(status: string, count: number): Promise<void> {
      const giveUpAt = performance.now() + giveUpMs
      while ([...statuses.values()].filter((told) => told === status).length < count) {
        if (performance.now() > giveUpAt) throw new Error(`${count} agents were to be told ${status}, and were not`)
        await sleep(1)
      }
    },
  }
}
