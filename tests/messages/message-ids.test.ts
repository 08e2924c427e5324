// Ids of the messages of a batch, on servers that do not count in ones.

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import type { Database } from '#db/core/database.ts'
import { executeInOneRoundTrip } from '#db/core/transaction.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { createWritePath } from '../../server/messages/write-path/write-path.ts'
import { png } from '../attachments/corpus.ts'
import { uploaded } from '../attachments/uploads.ts'
import { loopback, startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
/** One session for locked appends, whose settings the test changes. */
let db: Database
beforeAll(async () => {
  app = await startTestApp()
  db = connectDatabase(app.database.address, { connections: 1 })
})
afterAll(async () => {
  await db.destroy()
  await app.stop()
})

/** Every session counts in steps of its own. The global value stays 1. */
async function countBy(step: number) {
  await sql`set session auto_increment_increment = ${step}`.execute(db)
  const settings = Array.from({ length: serverLimits.pipelineConnections }, (_, index) => [
    sql`set session auto_increment_increment = ${step + index}, auto_increment_offset = ${index + 1}`.compile(db),
  ])
  await Promise.all(settings.map((statements) => executeInOneRoundTrip(db, statements)))
}

it('[DB60] [MS1] are those of the stored rows, whatever increment a session has, also after it changed', async () => {
  const { conversationId, customerAccount } = await app.startConversation()
  const { messageWriter } = createWritePath({ ...app, db }, { optimisticAppend: true })
  const userId = customerAccount.id
  const actor = { userId, role: 'customer', name: '', sessionId: 0, address: loopback, siteId: 0 } as const
  const attachment = await uploaded(app, customerAccount, await png(), 'shoe.png')
  const sendTogether = async (name: string, ...types: ('text' | 'image')[]) => {
    const sends = types.map((type, index) => ({
      actor,
      conversationId,
      clientMessageId: `${name}${index}`,
      type,
      content: name,
      ...(type === 'image' && { attachmentId: attachment.id }),
    }))
    const appended = await Promise.all(sends.map((send) => messageWriter.append(send)))
    return appended.map(({ message }) => message.id)
  }
  await countBy(3)
  const ids = await sendTogether('locked', 'text', 'image', 'text')
  expect((ids[2] as number) - (ids[0] as number)).toBe(6)
  ids.push(...(await sendTogether('locked-again', 'text', 'text')))
  await countBy(7)
  for (const name of ['one', 'two', 'three']) ids.push(...(await sendTogether(name, 'text', 'text', 'text')))
  expect(ids).toEqual((await app.storedMessages(conversationId)).map(({ id }) => id))
  const linked = await app.db.selectFrom('attachments').select('message_id').executeTakeFirstOrThrow()
  expect(linked.message_id).toBe(ids[1])
})
