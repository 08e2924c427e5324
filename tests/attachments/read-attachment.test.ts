// Who can download an attachment, and which headers browsers get with it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { pdf, png } from './corpus.ts'
import { download, storedFiles, uploaded } from './uploads.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

test('[AT6] [T01] an attachment is private to its uploader until sent, then visible with its conversation', async () => {
  const { conversationId, customer, customerAccount, agentAccount } = await app.startConversation()
  const stranger = await app.newCustomer()
  const admin = await app.newAgent({ role: 'admin' })
  const image = await uploaded(app, customerAccount, await png(), 'mine.png')
  const everyone = { customerAccount, stranger, agentAccount, admin }
  const statusesOf = async (path: string) => {
    const seen: string[] = []
    for (const [name, { token }] of Object.entries(everyone)) {
      const { status, bytes } = await download(app, token, path)
      if (status === 200) seen.push(name)
      else expect([status, JSON.parse(`${bytes}`)]).toMatchObject([404, { error: { code: 'not_found' } }])
    }
    return seen
  }
  for (const path of [`${image.id}`, `${image.id}/thumbnail`])
    expect(await statusesOf(path)).toEqual(['customerAccount'])
  await customer.request('message:send', {
    conversationId,
    clientMessageId: 'p',
    type: 'image',
    attachmentId: image.id,
  })
  for (const path of [`${image.id}`, `${image.id}/thumbnail`]) {
    expect(await statusesOf(path)).toEqual(['customerAccount', 'agentAccount', 'admin'])
    expect((await download(app, null, path)).status).toBe(401)
    expect((await download(app, null, `${path}?token=${customerAccount.token}`)).status).toBe(401)
  }
  const agentsFile = await uploaded(app, agentAccount, pdf(), 'draft.pdf')
  expect(await statusesOf(`${agentsFile.id}`)).toEqual(['agentAccount'])
  expect(await statusesOf('999999999')).toEqual([])
})

test('[AT7] [T12] an upload cannot act as a page, be sniffed, be embedded elsewhere or be cached by proxies', async () => {
  const customer = await app.newCustomer()
  const image = await uploaded(app, customer, await png(), '茶 "cup".png')
  const paper = await uploaded(app, customer, pdf(), 'a;b.pdf')
  for (const [path, type, disposition] of [
    [`${image.id}`, 'image/png', 'inline'],
    [`${image.id}/thumbnail`, 'image/webp', 'inline'],
    [`${paper.id}`, 'application/pdf', 'attachment'],
  ] as const) {
    const { headers } = await download(app, customer.token, path)
    expect(headers.get('content-type')).toBe(type)
    expect(headers.get('content-disposition')).toMatch(
      new RegExp(`^${disposition}; filename="[A-Za-z0-9 ._-]+"; filename\\*=UTF-8''[A-Za-z0-9%._-]+$`),
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/)
    expect(headers.get('content-security-policy')).toMatch(/(^|;)\s*sandbox(;|$)/)
  }
})

test('[AT8] a file has no thumbnail', async () => {
  const customer = await app.newCustomer()
  const { id } = await uploaded(app, customer, pdf(), 'a.pdf')
  expect((await download(app, customer.token, `${id}/thumbnail`)).status).toBe(404)
})

test('[AT7] [T13] stored names are random, and a missing file is not found', async () => {
  const customer = await app.newCustomer()
  const before = new Set(await storedFiles(app))
  const { id } = await uploaded(app, customer, pdf(), '../../secret.pdf')
  const [name = ''] = (await storedFiles(app)).filter((each) => !before.has(each))
  expect(name).toMatch(/^[0-9a-f]{32}$/)
  await app.attachments.store.remove(name)
  expect((await download(app, customer.token, `${id}`)).status).toBe(404)
})
