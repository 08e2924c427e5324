// A TCP relay in front of Redis that loses published messages on their way to subscribers, by their content.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface LossyRedis {
  url: string
  /** Loses every message that contains one of these texts, from now on. */
  lose(...texts: string[]): void
  /** The number of lost messages. */
  lost(): number
  stop(): void
}

export async function startLossyRedis(redisUrl: string): Promise<LossyRedis> {
  const { hostname, port } = new URL(redisUrl)
  const sockets = new Set<Socket>()
  let unwanted: string[] = []
  let lost = 0

  const server = createServer((client) => {
    const redis = connect({ host: hostname, port: Number(port) })
    let received: Buffer = Buffer.alloc(0)
    redis.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      for (let end = endOfReply(received, 0); end > 0; end = endOfReply(received, 0)) {
        const reply = received.subarray(0, end)
        received = received.subarray(end)
        if (isMessage(reply) && unwanted.some((text) => reply.includes(text))) lost += 1
        else client.write(reply)
      }
    })
    client.on('data', (chunk) => redis.write(chunk))
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(redisUrl)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    lose(...texts) {
      unwanted = texts
    },
    lost: () => lost,
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Of a subscription, as opposed to the reply to a command. */
const isMessage = (reply: Buffer) => /^[*>]\d+\r\n\$\d+\r\np?message\r\n/.test(reply.toString('latin1', 0, 40))

/** Where the reply that begins at `from` ends (RESP2 and RESP3); -1 if it is incomplete. */
function endOfReply(data: Buffer, from: number): number {
  const endOfLine = data.indexOf('\r\n', from)
  if (endOfLine < 0) return -1
  const type = String.fromCharCode(data[from] as number)
  const count = Number(data.toString('latin1', from + 1, endOfLine))
  let at = endOfLine + 2
  if (type === '$' && count >= 0) at += count + 2
  const parts = type === '*' || type === '>' ? count : type === '%' ? 2 * count : 0
  for (let part = 0; part < parts && at >= 0; part++) at = endOfReply(data, at)
  return at <= data.length ? at : -1
}
