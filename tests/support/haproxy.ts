// The balancer of docker-compose.yml, with the same configuration, in front of nodes on this machine.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findHaproxy } from './programs.ts'
import { freePort } from './redis.ts'
import { until } from './server-process.ts'

const configuration = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url))

export async function startBalancer(nodes: [string, string]): Promise<{ url: string; stop(): Promise<void> }> {
  const address = `127.0.0.1:${await freePort()}`
  const [NODE_1, NODE_2] = nodes.map((url) => new URL(url).host)
  const child = spawn(findHaproxy() ?? 'haproxy', ['-db', '-f', configuration], {
    env: { BALANCER_BIND: address, NODE_1, NODE_2 },
    stdio: 'ignore',
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const url = `http://${address}`
  const isHealthy = async () => (await fetch(`${url}/healthz`)).ok
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
  }
  await until(() => isHealthy().catch(() => false)).catch(async (error) => {
    await stop()
    throw error
  })
  return { url, stop }
}
