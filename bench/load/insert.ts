// What the database itself can take: the same rows into the same tables by the same driver, with nothing in front. A process of its own:
// insert.ts {"socketPath", "connections", "rows", "ms"} writes for so long and prints a line of JSON.

import { createConnection, type ResultSetHeader } from 'mysql2/promise'
import { type DatabaseAddress, driverOptions, isolation, sessionSettings } from '#db/core/connect.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { percentiles } from '../percentiles.ts'
import type { Inserted, InsertJob } from './insert-rows.ts'
import { body } from './message-run.ts'

const roomsPerConnection = 12
const job = JSON.parse(process.argv[2] as string) as InsertJob
const address: DatabaseAddress = { socketPath: job.socketPath, user: 'root', database: 'kefu_limit' }
await prepareDatabase(address)

const commitMs: number[] = []
const writers = await Promise.all(Array.from({ length: job.connections }, createWriter))
const startedAt = performance.now()
await Promise.all(writers.map((write) => write(startedAt + job.ms)))
const inserted: Inserted = {
  rowsPerSecond: (commitMs.length * job.rows * 1000) / (performance.now() - startedAt),
  commitMs: percentiles(commitMs),
}
console.log(JSON.stringify(inserted))
process.exit(0)

/** A connection with a customer and conversations of its own, as a lane of the writer has. */
async function createWriter(): Promise<(until: number) => Promise<void>> {
  const connection = await createConnection(driverOptions(address))
  await connection.query(sessionSettings)
  await connection.query(isolation)
  const [site] = await connection.query<ResultSetHeader>(
    "INSERT INTO sites (site_key, name, origins) VALUES (REPLACE(UUID(), '-', ''), 'limit', '')",
  )
  const [customer] = await connection.query<ResultSetHeader>("INSERT INTO users (role) VALUES ('customer')")
  const rooms: number[] = []
  for (let count = 0; count < roomsPerConnection; count++) {
    const [{ insertId }] = await connection.query<ResultSetHeader>(
      'INSERT INTO conversations (customer_id, site_id) VALUES (?, ?)',
      [customer.insertId, site.insertId],
    )
    rooms.push(insertId)
  }
  let written = 0
  const row = (): unknown[] => {
    const room = rooms[written++ % rooms.length]
    return [room, customer.insertId, written, `limit-${written}`, 'text', body, written, new Date()]
  }
  return async (until) => {
    while (performance.now() < until) {
      const from = performance.now()
      await connection.query(
        'INSERT INTO messages (conversation_id, sender_id, seq, client_message_id, type, content, version, created_at) VALUES ?',
        [Array.from({ length: job.rows }, row)],
      )
      commitMs.push(performance.now() - from)
    }
  }
}
