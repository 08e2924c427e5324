// A failover to a database server that lacks acknowledged commits, as an asynchronous replica does. Two real servers
// behind one address; the second has an older copy of the tables.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { describe, expect, it, onTestFinished } from 'vitest'
import { driverOptions } from '#db/core/connect.ts'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { administrator } from '#db/embedded/server-options.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import type { AgentConversation, CustomerConversation } from '#protocol/entities.ts'
import { createConnection as connectPage } from '../../client-web/shared/connection/connection.ts'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'
import { openStorage } from '../../client-web/shared/storage/storage.ts'
import { type OpenConversation, openConversation } from '../../client-web/shared/timeline/open-conversation.ts'
import { openOutbox } from '../../client-web/shared/timeline/outbox.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { startRelay } from '../support/relay.ts'

async function startDatabase(): Promise<EmbeddedDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'kefu-failover-'))
  lockDataDirectory(dataDir)
  const server = await startEmbeddedDatabase({ dataDir, bufferPool: 32 * 2 ** 20, log: () => {} })
  onTestFinished(async () => {
    await server.stop()
    unlockDataDirectory(dataDir)
    await rm(dataDir, { recursive: true })
  })
  await prepareDatabase(server)
  return server
}

/** Makes `to` what `from` is now. */
async function copyRows(from: EmbeddedDatabase, to: EmbeddedDatabase) {
  const [source, target] = await Promise.all(
    [from, to].map((server) =>
      createConnection({ ...driverOptions({ ...server, user: administrator }), typeCast: true }),
    ),
  )
  if (!source || !target) throw new Error('no connection')
  await target.query('set foreign_key_checks = 0')
  const [tables] = await source.query<RowDataPacket[]>('show tables')
  for (const table of tables.map((row) => Object.values(row)[0] as string)) {
    const [rows] = await source.query<RowDataPacket[]>('select * from ??', [table])
    await target.query('delete from ??', [table])
    for (const row of rows) await target.query('insert into ?? values (?)', [table, Object.values(row)])
  }
  source.destroy()
  target.destroy()
}

async function startBehindRelay() {
  const [primary, replica] = await Promise.all([startDatabase(), startDatabase()])
  const relay = await startRelay(`unix:${primary.socketPath}`)
  const url = `mysql://${primary.user}@127.0.0.1:${new URL(relay.url).port}/${primary.database}`
  const app = await startTestApp({ database: { address: { url }, url, drop: async () => {} } })
  onTestFinished(async () => {
    await app.stop()
    relay.close()
  })
  return {
    app,
    replicate: () => copyRows(primary, replica),
    /** The primary is gone, and the replica takes over. */
    failOver() {
      relay.cut()
      relay.redirect(`unix:${replica.socketPath}`)
      relay.restore()
    },
  }
}

/** The conversation as a page of this person holds it. */
async function openPage<C extends CustomerConversation | AgentConversation>(
  app: TestApp,
  account: TestAccount,
  role: 'customer' | 'agent',
  conversationId: number,
): Promise<OpenConversation<C>> {
  const connection = connectPage({
    url: app.url,
    getToken: () => ({ token: account.token, expiresAt: Date.now() + 600_000 }),
    renewToken: () => Promise.reject(RequestError.offline()),
    onUnauthorized: () => undefined,
  })
  const outbox = openOutbox({
    storage: openStorage(`test:${account.id}:`),
    queueKeyOf: () => 'current',
    async deliver({ clientMessageId, content }) {
      return (await connection.request('message:send', { conversationId, clientMessageId, content })).message
    },
    upload: () => Promise.reject(new Error('uploads are not used here')),
  })
  connection.state.subscribe(outbox.resume)
  const self = { id: account.id, role, name: '' }
  const page = openConversation<C>({ connection, outbox, conversationId, self })
  onTestFinished(() => {
    page.close()
    outbox.stop()
    connection.close()
  })
  await expect.poll(() => page.isLoaded.value).toBe(true)
  return page
}

const shownBy = (page: OpenConversation<CustomerConversation> | OpenConversation<AgentConversation>) =>
  page.items.value.map(({ seq, content, status }) => [seq, content, status])

describe('a failover that loses commits', () => {
  it('[DB62] [CN19] [MS2] [MS3] [OB12] O1 leaves sends, receipts and everything shown right, and lost messages are sent again', async () => {
    const { app, replicate, failOver } = await startBehindRelay()
    const { conversationId, customerAccount, agentAccount, agent } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const customerPage = await openPage<CustomerConversation>(app, customerAccount, 'customer', conversationId)
    const agentPage = await openPage<AgentConversation>(app, agentAccount, 'agent', conversationId)
    const { epoch } = await agent.next('epoch:changed')
    const contents = async () => (await app.storedMessages(conversationId)).map(({ seq, content }) => [seq, content])

    for (const content of ['one', 'two']) await customerPage.send(content)
    await expect.poll(() => agentPage.items.value.length).toBe(2)
    await replicate()
    for (const content of ['lost one', 'lost two']) await customerPage.send(content)
    await expect.poll(() => agentPage.items.value.length).toBe(4)
    await agent.request('message:send', { conversationId, clientMessageId: 'lost', content: 'lost reply' })
    await expect.poll(() => customerPage.items.value.length).toBe(5)
    const before = await app.db.selectFrom('conversations').select('version').executeTakeFirstOrThrow()
    failOver()

    const sent = async (content: string) => {
      const message = { conversationId, clientMessageId: content.replaceAll(' ', '-'), content }
      return (await agent.request('message:send', message)).message
    }
    const first = await sent('new')
    // Messages and receipts until the version is what the node had cached.
    let version = first.version
    while (version < before.version) version = (await sent(`filler ${version}`)).version
    await sent('last')
    const { seq } = await sent('very last')
    await agent.request('message:mark-read', { conversationId, seq })

    expect((await agent.next('epoch:changed')).epoch).not.toBe(epoch)
    await expect
      .poll(async () => (await contents()).map(([, content]) => content))
      .toEqual(expect.arrayContaining(['one', 'two', 'new', 'last', 'very last', 'lost one', 'lost two']))
    const stored = await contents()
    expect(stored.map(([seq]) => seq)).toEqual(stored.map((_, index) => index + 1))
    const order = stored.map(([, content]) => content)
    expect(order.indexOf('lost one')).toBeLessThan(order.indexOf('lost two'))
    const row = await app.db.selectFrom('conversations').select('last_seq').executeTakeFirstOrThrow()
    expect(row.last_seq).toBe(stored.length)

    for (const page of [customerPage, agentPage]) {
      await expect.poll(() => shownBy(page).map(([seq, content]) => [seq, content])).toEqual(stored)
    }
    const receipt = await agent.request('message:mark-read', { conversationId, seq: stored.length })
    expect(receipt.receipt.seq).toBe(stored.length)
    await expect
      .poll(() => customerPage.items.value.filter(({ isOwn }) => isOwn).every(({ status }) => status === 'read'))
      .toBe(true)
  })
})
