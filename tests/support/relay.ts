// A network cable between a client and a server, that a test can cut and mend.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Relay {
  url: string
  /** Ends all connections and takes no new ones. */
  cut(): void
  mend(): void
  close(): void
}

/** Listens on a free port and passes everything on to `target`, an http URL. */
export async function startRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target)
  const ends = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connect(Number(port), hostname)
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end)
      end
        .on('error', () => other.destroy())
        .on('close', () => {
          ends.delete(end)
          other.destroy()
        })
      end.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const end of ends) end.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend: () => {
      isCut = false
    },
    close() {
      cut()
      server.close()
    },
  }
}
