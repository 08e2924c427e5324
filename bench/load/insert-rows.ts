// Runs insert.ts as a child process.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Percentiles } from '../percentiles.ts'

export interface InsertJob {
  socketPath: string
  connections: number
  /** Rows per statement, which is one durable commit. */
  rows: number
  ms: number
}

export interface Inserted {
  rowsPerSecond: number
  commitMs: Percentiles
}

const program = fileURLToPath(new URL('insert.ts', import.meta.url))

export async function insertRows(job: InsertJob): Promise<Inserted> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(job)])
  return JSON.parse(stdout) as Inserted
}
