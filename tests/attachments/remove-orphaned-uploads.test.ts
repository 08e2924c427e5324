// Uploads that no message references are removed.

import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { runHousekeeping } from '../../server/customers/housekeeping.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { pdf, png } from './corpus.ts'
import { storedFiles, uploaded } from './uploads.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

test('[AT11] an unreferenced upload is removed after a day with its files; a sent one stays', async () => {
  const { conversationId, customer, customerAccount } = await app.startConversation()
  const sent = await uploaded(app, customerAccount, await png(), 'sent.png')
  const fresh = await uploaded(app, customerAccount, pdf(), 'fresh.pdf')
  await customer.request('message:send', { conversationId, clientMessageId: 'p', type: 'image', attachmentId: sent.id })
  const kept = await storedFiles(app)
  const old = await uploaded(app, customerAccount, await png(), 'old.png')
  // A customer who uploaded and never started a conversation is removed too.
  const silent = await app.newCustomer()
  const left = await uploaded(app, silent, pdf(), 'left.pdf')
  const dayAgo = sql<Date>`date_sub(current_timestamp(3), interval 25 hour)`
  await app.db
    .updateTable('attachments')
    .set({ created_at: dayAgo })
    .where('id', 'in', [sent.id, old.id, left.id])
    .execute()
  await app.db.updateTable('users').set({ created_at: dayAgo }).where('id', '=', silent.id).execute()
  await runHousekeeping(app)
  const rows = await app.db.selectFrom('attachments').select('id').orderBy('id').execute()
  expect(rows.map(({ id }) => id)).toEqual([sent.id, fresh.id])
  expect((await storedFiles(app)).sort()).toEqual(kept.sort())
  expect(await app.db.selectFrom('users').select('id').where('id', '=', silent.id).execute()).toEqual([])
})

test('[AT11] a partial upload of a killed process is removed after an hour', async () => {
  const folder = join(app.config.dataDir, 'uploads', 'incoming')
  await mkdir(folder, { recursive: true })
  for (const name of ['dead', 'alive']) await writeFile(join(folder, name), 'half')
  const before = new Date(Date.now() - serverLimits.abortedUploadMs - 60_000)
  await utimes(join(folder, 'dead'), before, before)
  await runHousekeeping(app)
  const files = await storedFiles(app)
  expect(files).toContain('alive')
  expect(files).not.toContain('dead')
})
