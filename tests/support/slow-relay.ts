// A slow line: relays bytes to a server, and back to the client at a maximum rate, with almost no buffer.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface SlowRelay {
  url: string
  stop(): void
}

const tickMs = 20

export async function startRelay(url: string, bytesPerSecond: number): Promise<SlowRelay> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ host: hostname, port: Number(port) })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
    client.pipe(upstream)
    const timer = setInterval(() => {
      const allowed = Math.round((bytesPerSecond * tickMs) / 1000)
      const piece = upstream.read(Math.min(allowed, upstream.readableLength)) as Buffer | null
      if (piece !== null) client.write(piece)
    }, tickMs)
    upstream.on('close', () => clearInterval(timer))
    upstream.on('readable', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
