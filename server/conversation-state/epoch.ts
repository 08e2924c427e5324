// The epoch of the database, the same on all nodes. A new one begins on another database server, and where committed
// changes are missing. Clients then discard what they hold, and nodes what they remember of versions.

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Database } from '#db/core/database.ts'
import { onOtherServer, serverIdentity } from '#db/core/server-watch.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { findEpoch, replaceEpoch } from '#db/queries/epoch.ts'

export interface Epoch {
  current(): string
  /** Reads it from the database. Begins a new one if this is another server than the one it began on. */
  check(): Promise<void>
  /** Begins a new one: commits that this node has seen are missing. */
  renew(): Promise<void>
  /** Listens for changes of the current epoch. */
  onChange(listener: (epoch: string) => void): void
}

export async function openEpoch({ db, log }: { db: Database; log: Logger }): Promise<Epoch> {
  const listeners: ((epoch: string) => void)[] = []
  let current = await read(db)

  function use(epoch: string) {
    if (epoch === current) return
    log.warn({ epoch, before: current }, 'database epoch changed: committed changes may have been lost')
    current = epoch
    for (const listener of listeners) listener(epoch)
  }

  const check = async () => use(await read(db))
  onOtherServer(db, () => {
    check().catch((error: unknown) => log.warn({ err: error }, 'database epoch check failed'))
  })
  return {
    current: () => current,
    check,
    async renew() {
      await replace(db, current)
      await check()
    },
    onChange: (listener) => void listeners.push(listener),
  }
}

async function read(db: Database): Promise<string> {
  const row = await findEpoch(db)
  const server = serverIdentity(db)
  if (row && (server === null || row.server === server)) return row.epoch
  await replace(db, row?.epoch ?? null)
  return ((await findEpoch(db)) ?? { epoch: '' }).epoch
}

const replace = (db: Database, epoch: string | null) =>
  inTransaction(db, (trx) =>
    replaceEpoch(trx, epoch, { epoch: randomBytes(16).toString('hex'), server: serverIdentity(db) ?? '' }),
  )
