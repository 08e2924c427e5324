// How long a start takes, with an empty folder and with one that was used, what an idle Kefu holds in memory, and how many bytes a shop's
// visitor downloads for the widget. With the settings that a person gets who sets none.

import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Metric, metric, type Scenario } from '../metrics.ts'
import { newDataDir, type RunningKefu, startKefu } from '../servers.ts'
import { residentBytes, treeOf } from '../usage.ts'

const bufferPool = '64M'
const idleMs = 2_000

export const start: Scenario = {
  name: 'start',
  async run({ options, progress }): Promise<Metric[]> {
    const cold: number[] = []
    const warm: number[] = []
    const server: number[] = []
    const tree: number[] = []
    let bytes = { loader: 0, widget: 0 }
    for (let round = 1; round <= options.rounds; round++) {
      progress(`cold and warm start: round ${round}`)
      const dataDir = await newDataDir()
      await withKefu(dataDir, async (kefu) => void cold.push(kefu.readyMs / 1000))
      await withKefu(dataDir, async (kefu) => {
        warm.push(kefu.readyMs / 1000)
        await sleep(idleMs)
        const all = treeOf(kefu.pid).map(residentBytes)
        server.push(residentBytes(kefu.pid) / 1e6)
        tree.push(all.reduce((sum, each) => sum + each, 0) / 1e6)
        bytes = await downloadedBytes(kefu)
      })
      await rm(dataDir, { recursive: true })
    }
    return [
      metric('cold start, empty folder, to ready', 's', cold),
      metric('warm start to ready', 's', warm, { atMost: 3 }),
      metric('idle memory of the server process', 'MB', server, { atMost: 150 }),
      metric('idle memory of the whole tree, database included', 'MB', tree),
      metric('loader, compressed (gzip)', 'bytes', [bytes.loader]),
      metric("widget's page with all it loads, compressed (gzip)", 'bytes', [bytes.widget]),
    ]
  },
}

async function withKefu(dataDir: string, use: (kefu: RunningKefu) => Promise<void>): Promise<void> {
  const kefu = await startKefu({ dataDir, bufferPool })
  try {
    await use(kefu)
  } finally {
    await kefu.stop()
  }
}

async function downloadedBytes({ url }: RunningKefu): Promise<{ loader: number; widget: number }> {
  const page = await download(new URL('/widget/', url))
  const linked = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] as string)
  const parts = await Promise.all(linked.map((path) => download(new URL(path, url))))
  const loader = await download(new URL('/kefu.js', url))
  return { loader: loader.bytes, widget: parts.reduce((sum, part) => sum + part.bytes, page.bytes) }
}

/** As a browser that takes gzip: the bytes on the wire. */
async function download(url: URL): Promise<{ bytes: number; text: string }> {
  const response = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
  const text = await response.text()
  const bytes = Number(response.headers.get('content-length'))
  if (!response.ok || !(bytes > 0)) throw new Error(`${url} was answered ${response.status} without a length`)
  return { bytes, text }
}
