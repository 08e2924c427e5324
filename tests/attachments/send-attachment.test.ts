// Messages with an image or a file. The rows are inserted directly; other tests cover uploading.

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTransaction } from '#db/core/transaction.ts'
import { insertAttachment } from '#db/queries/attachments.ts'
import type { Attachment } from '#protocol/entities.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const image = { name: '茶.jpg', size: 1000, mimeType: 'image/jpeg', width: 40, height: 30 }
const paper = { name: 'invoice.pdf', size: 2000, mimeType: 'application/pdf' }
let number = 0
const newId = () => `a${++number}`

const uploaded = (by: TestAccount, kind: Omit<Attachment, 'id'> = image) =>
  inTransaction(app.db, (trx) =>
    insertAttachment(trx, { ...kind, uploaderId: by.id, storedName: randomBytes(16).toString('hex') }),
  )

test('[AT9] images and files arrive with their message in events, history, lists and retries', async () => {
  const { conversationId, customer, customerAccount, agent, agentAccount } = await app.startConversation()
  await agent.request('conversation:claim', { conversationId })
  await agent.request('conversation:open', { conversationId })
  const image = await uploaded(customerAccount)
  const sent = { conversationId, clientMessageId: newId(), type: 'image', attachmentId: image.id } as const
  const { message } = await customer.request('message:send', sent)
  expect(message).toMatchObject({ type: 'image', content: '茶.jpg', attachment: image })
  expect(await agent.next('message:created')).toEqual(message)
  const file = await uploaded(agentAccount, paper)
  const answer = await agent.request('message:send', {
    ...{ conversationId, clientMessageId: newId(), type: 'file', attachmentId: file.id, content: 'Your invoice' },
  })
  expect(answer.message).toMatchObject({ type: 'file', content: 'Your invoice', attachment: file })
  expect((await customer.request('message:send', sent)).message).toEqual(message)
  const both = [message, answer.message]
  expect((await customer.request('message:list', { conversationId })).messages).toEqual(both)
  expect((await agent.request('conversation:open', { conversationId, afterSeq: 0 })).messages).toEqual(both)
  const { conversations } = await customer.request('conversation:list', {})
  expect(conversations[0]?.lastMessage).toEqual(answer.message)
  expect(await app.storedMessages(conversationId)).toHaveLength(2)
})

test('[AT9] a conversation can start with an image, and HTTP accepts an image message', async () => {
  const account = await app.newCustomer()
  const customer = await account.connect()
  const first = await uploaded(account)
  const begin = { clientMessageId: newId(), type: 'image', attachmentId: first.id } as const
  const started = await customer.request('conversation:start', { clientConversationId: newId(), message: begin })
  expect(started.message).toMatchObject({ seq: 1, attachment: first })
  expect(started.conversation.lastMessage).toEqual(started.message)
  const second = await uploaded(account, paper)
  const body = { clientMessageId: newId(), type: 'file', attachmentId: second.id }
  const path = `/conversations/${started.conversation.id}/messages`
  expect(await account.call('POST', path, body)).toMatchObject({
    status: 201,
    body: { message: { attachment: second } },
  })
  expect((await account.call('POST', path, body)).status).toBe(200)
})

test('[AT9] an attachment is used by one message of its uploader, also when sends race', async () => {
  const { conversationId, customer, customerAccount, agent, agentAccount } = await app.startConversation()
  await agent.request('conversation:claim', { conversationId })
  const agentsFile = await uploaded(agentAccount)
  const send = (attachmentId: number) =>
    ({ conversationId, clientMessageId: newId(), type: 'file', attachmentId }) as const
  expect(await customer.refused('message:send', send(agentsFile.id))).toBe('not_found')
  expect(await customer.refused('message:send', send(999_999_999))).toBe('not_found')
  const mine = await uploaded(customerAccount)
  const replies = await Promise.all(Array.from({ length: 6 }, () => customer.ask('message:send', send(mine.id))))
  const codes = replies.map((reply) => (reply.ok ? 'ok' : reply.error.code)).sort()
  expect(codes).toEqual(['conflict', 'conflict', 'conflict', 'conflict', 'conflict', 'ok'])
  expect(await customer.refused('message:send', send(mine.id))).toBe('conflict')
  expect(await app.storedMessages(conversationId)).toHaveLength(1)
})

test('[AT9] text needs words, and image and file messages need an attachment of their kind', async () => {
  const { conversationId, customer, customerAccount } = await app.startConversation()
  const { id: attachmentId } = await uploaded(customerAccount, paper)
  for (const parts of [
    {},
    { type: 'text' },
    { content: 'look', attachmentId },
    { type: 'image', content: 'look' },
    { type: 'file' },
    { type: 'image', attachmentId },
    { type: 'file', content: '', attachmentId },
  ] as const) {
    const reply = await customer.ask('message:send', { conversationId, clientMessageId: newId(), ...parts })
    expect(reply, JSON.stringify(parts)).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', details: { path: expect.stringMatching(/^\//) } },
    })
  }
  expect(await app.storedMessages(conversationId)).toEqual([])
})
