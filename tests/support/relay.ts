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
  /** Accepts new connections at full speed; the silenced ones are closed. */
  mend(): void
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

/** Listens on a free port and relays each connection to the next of `targets` (http URLs) that accepts it. */
export async function startRelay(...targets: string[]): Promise<Relay> {
  const links = new Set<Link>()
  let isCut = false
  let slowness: SlowLink | null = null
  let turn = -1

  const server = createServer({ pauseOnConnect: true }, async (near) => {
    near.on('error', () => undefined)
    const far = isCut ? null : await reach()
    if (far === null || isCut || near.destroyed) {
      far?.destroy()
      near.destroy()
      return
    }
    join({ ends: [near, far], isSilent: false })
  })

  async function reach(): Promise<Socket | null> {
    turn += 1
    for (let tries = 0; tries < targets.length; tries++) {
      const { hostname, port } = new URL(targets[(turn + tries) % targets.length] as string)
      const far = connect({ host: hostname, port: Number(port), noDelay: true })
      const isThere = await new Promise<boolean>((resolve) => {
        far.once('connect', () => resolve(true)).on('error', () => resolve(false))
      })
      if (isThere) return far
    }
    return null
  }

  function join(link: Link) {
    const [near, far] = link.ends
    links.add(link)
    near.setNoDelay(true)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (piece: Buffer) => pass(link, from, to, piece))
      from.on('close', () => {
        if (link.isSilent) return
        links.delete(link)
        to.destroy()
      })
      from.resume()
    }
  }

  /** One chunk at a time, which keeps their order and applies backpressure. */
  function pass(link: Link, from: Socket, to: Socket, piece: Buffer) {
    const write = () => {
      if (link.isSilent || to.destroyed) from.resume()
      else if (to.write(piece)) from.resume()
      else to.once('drain', () => from.resume())
    }
    from.pause()
    if (slowness === null) return write()
    setTimeout(write, slowness.latencyMs + (piece.length / slowness.bytesPerSecond) * 1000)
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
      slowness = link
    },
    mend() {
      isCut = false
      slowness = null
      for (const link of links) if (link.isSilent) end(link)
    },
    close() {
      cut()
      server.close()
    },
  }
}
