// A killed preparation continues where it stopped. Table changes do not roll back, so a kill between a statement and
// its record leaves a change without a record.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { describeDatabase, newEmptyDatabase, newOriginalDatabase, newPreparedDatabase, select } from './databases.ts'
import { originalRows } from './original-rows.ts'

const databases: [string, () => ReturnType<typeof newEmptyDatabase>][] = [
  ['new', newEmptyDatabase],
  ['old', () => newOriginalDatabase(originalRows)],
]

/** The whole database, except generated times and the random key. */
async function wholeState({ connection }: Awaited<ReturnType<typeof newEmptyDatabase>>) {
  const rows: Record<string, unknown> = {}
  for (const table of ['users', 'conversations', 'messages', 'agent_status', 'sites', 'schema_migrations']) {
    const all = await select(connection, 'SELECT * FROM ?? ORDER BY 1', [table])
    rows[table] = all.map((row) => ({
      ...row,
      applied_at: null,
      site_key: null,
      ...(table === 'sites' ? { created_at: null } : {}),
    }))
  }
  return { rows, tables: await describeDatabase(connection) }
}

describe.each(databases)('a preparation of a database that is %s', (_, make) => {
  test('[DB11] reaches the same result when it is stopped after any statement or record', async () => {
    const undisturbed = await make()
    await prepareDatabase(undisturbed.address)
    const stopped = await make()
    const steps: string[] = []
    for (let finished = false; !finished; ) {
      // Runs one step further than any run before, then drops the connection, as if the process died.
      let isFresh = false
      try {
        await prepareDatabase(stopped.address, undefined, {
          onStep(step) {
            if (steps.includes(step)) return
            steps.push(step)
            isFresh = true
            throw new Error('stopped here')
          },
        })
        finished = true
      } catch (error) {
        expect(error).toEqual(new Error('stopped here'))
        expect(isFresh).toBe(true)
      }
    }
    expect(steps.length).toBeGreaterThan(10)
    expect(await wholeState(stopped)).toEqual(await wholeState(undisturbed))
  })

  test('[DB12] reaches the same result when its process is killed at random moments', async () => {
    const undisturbed = await make()
    await prepareDatabase(undisturbed.address)
    const killed = await make()
    const script = fileURLToPath(new URL('prepare-in-child.ts', import.meta.url))
    let kills = 0
    for (let pause = 1; ; pause += 7) {
      const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
      child.stdin.end(killed.address.url)
      const exit = once(child, 'exit')
      // It logs its start, then has a few milliseconds.
      await Promise.race([once(child.stdout, 'data'), exit])
      const timer = setTimeout(() => child.kill('SIGKILL'), pause)
      const [code, signal] = await exit
      clearTimeout(timer)
      if (code === 0) break
      expect(signal).toBe('SIGKILL')
      kills++
    }
    expect(kills).toBeGreaterThan(0)
    expect(await wholeState(killed)).toEqual(await wholeState(undisturbed))
  })
})

test('[DB13] a new database that another version has started to create is not completed by this one', async () => {
  const { address, connection } = await newPreparedDatabase()
  await connection.query('DELETE FROM schema_migrations')
  await connection.query("INSERT INTO schema_migrations (name) VALUES ('schema.sql 0123456789abcdef')")
  await expect(prepareDatabase(address)).rejects.toThrow('schema.sql 0123456789abcdef')
})

test('[DB14] only the first missing migration may be applied already; a later change without a record is refused', async () => {
  const { address, connection } = await newOriginalDatabase()
  const error = new Error('stopped here')
  const onStep = (step: string) => (step === '0008-add-message-columns' ? Promise.reject(error) : undefined)
  await expect(prepareDatabase(address, undefined, { onStep })).rejects.toBe(error)
  await connection.query('ALTER TABLE agent_status ADD COLUMN chosen INT')
  await expect(prepareDatabase(address)).rejects.toThrow('agent_status.chosen has the name of a column')
  const [last] = await select(connection, 'SELECT MAX(name) AS name FROM schema_migrations')
  expect(last?.name).toBe('0008-add-message-columns')
})

test('[DB44] [F3] a migration that fails is named in one line without values, and runs once the rows are corrected', async () => {
  const { address, connection } = await newOriginalDatabase(originalRows)
  const error = new Error('stopped here')
  const onStep = (step: string) => (step === '0013-require-conversation-columns' ? Promise.reject(error) : undefined)
  await expect(prepareDatabase(address, undefined, { onStep })).rejects.toBe(error)
  await connection.query('UPDATE messages SET seq = 2 WHERE id = 105')
  const failed = await prepareDatabase(address).catch((thrown: Error) => thrown)
  expect(failed).toMatchObject({
    name: 'StartError',
    message: 'The migration 0014-require-message-columns failed (ER_DUP_ENTRY, 1062). The next start tries it again.',
  })
  await connection.query('UPDATE messages SET seq = 1 WHERE id = 105')
  await prepareDatabase(address)
})
