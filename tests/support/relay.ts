// A TCP relay between a client and its servers that a test can cut, silence, slow down and restore.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Relay {
  url: string
  /** Closes all connections and accepts no new ones. */
  cut(): void
  /** Silences existing connections: sent data is lost and neither end notices. New ones work. */
  silence(): void
  /** Delays each chunk by this time, plus a time for its size. */
  slow(link: SlowLink): void
  /** Relays new connections to this server alone. */
  redirect(target: string): void
  /** Accepts new connections at full speed; the silenced ones are closed. */
  restore(): void
  close(): void
}

export interface SlowLink {
  latencyMs: number
  bytesPerSecond: number
}

interface Link {
  ends: [Socket, Socket]
  isSilent: boolean
}

/** Listens on a free port and relays each connection to the next of `targets` that accepts it: URLs, of which
 * unix:/path is a Unix socket. */
export async function startRelay(...targets: string[]): Promise<Relay> {
  const links = new Set<Link>()
  let isCut = false
  let delay: SlowLink | null = null
  let sequence = -1

  const server = createServer({ pauseOnConnect: true }, async (near) => {
    near.on('error', () => undefined)
    const far = isCut ? null : await connectToTarget()
    if (far === null || isCut || near.destroyed) {
      far?.destroy()
      near.destroy()
      return
    }
    addLink({ ends: [near, far], isSilent: false })
  })

  async function connectToTarget(): Promise<Socket | null> {
    sequence += 1
    for (let attempt = 0; attempt < targets.length; attempt++) {
      const { protocol, hostname, port, pathname } = new URL(targets[(sequence + attempt) % targets.length] as string)
      const far =
        protocol === 'unix:' ? connect(pathname) : connect({ host: hostname, port: Number(port), noDelay: true })
      const isConnected = await new Promise<boolean>((resolve) => {
        far.once('connect', () => resolve(true)).on('error', () => resolve(false))
      })
      if (isConnected) return far
    }
    return null
  }

  function addLink(link: Link) {
    const [near, far] = link.ends
    links.add(link)
    near.setNoDelay(true)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk: Buffer) => forward(link, from, to, chunk))
      from.on('close', () => {
        if (link.isSilent) return
        links.delete(link)
        to.destroy()
      })
      from.resume()
    }
  }

  /** One chunk at a time, which keeps their order and applies backpressure. */
  function forward(link: Link, from: Socket, to: Socket, chunk: Buffer) {
    const write = () => {
      if (link.isSilent || to.destroyed) from.resume()
      else if (to.write(chunk)) from.resume()
      else to.once('drain', () => from.resume())
    }
    from.pause()
    if (delay === null) return write()
    setTimeout(write, delay.latencyMs + (chunk.length / delay.bytesPerSecond) * 1000)
  }

  const end = (link: Link) => {
    links.delete(link)
    for (const socket of link.ends) socket.destroy()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const link of links) end(link)
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    silence() {
      for (const link of links) link.isSilent = true
    },
    slow(link) {
      delay = link
    },
    redirect(target) {
      targets.splice(0, targets.length, target)
    },
    restore() {
      isCut = false
      delay = null
      for (const link of links) if (link.isSilent) end(link)
    },
    close() {
      cut()
      server.close()
    },
  }
}
