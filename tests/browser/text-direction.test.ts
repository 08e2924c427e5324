// Names and titles that change the direction of writing, in every place where somebody's text is shown: each stays in
// its own element or isolate, so that it reorders nothing beside it.

import type { Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inSentence } from '#protocol/visible-text.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type CustomerPage, launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'

const override = '\u202e'
/** Older rows and other programs may hold what the server refuses today. */
const names = {
  agent: `${override}דוד Ann`,
  customer: `${override}שרה Mei`,
  site: `${override}תה Leaf`,
  title: `${override}דף Page`,
}

/** Texts and attributes of the page that hold an override, or right-to-left letters without isolation. */
function findLeaks(): string[] {
  const controls = /[\u202a-\u202e\u2066\u2067]/
  const rightToLeft = /[\u0590-\u08ff]/
  const isIsolated = (text: string) => !rightToLeft.test(text.replaceAll(/\u2068[^\u2069]*\u2069/g, ''))
  const leaks: string[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (node instanceof Text) {
      const isOwnElement = node.parentElement?.closest('bdi, [dir=auto], textarea, option, script') !== null
      if (!isOwnElement && (controls.test(node.data) || !isIsolated(node.data))) leaks.push(node.data)
    } else if (node instanceof Element) {
      for (const name of ['aria-label', 'title', 'alt', 'placeholder']) {
        const value = node.getAttribute(name) ?? ''
        if (controls.test(value) || !isIsolated(value)) leaks.push(`${name}: ${value}`)
      }
    }
  }
  if (controls.test(document.title) || !isIsolated(document.title)) leaks.push(`document.title: ${document.title}`)
  return leaks
}

test('[CV26] [F17] a name within a sentence loses its controls, and is isolated if it is written from right to left', () => {
  expect(inSentence('Ann')).toBe('Ann')
  expect(inSentence('李雷')).toBe('李雷')
  expect(inSentence(`${override}gpj.exe`)).toBe('gpj.exe')
  expect(inSentence('דוד')).toBe('\u2068דוד\u2069')
  expect(inSentence('\u2067محمد\u2069')).toBe('\u2068محمد\u2069')
})

describe.skipIf(findChromium() === undefined)('text of every direction', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let console: Page
  let customer: CustomerPage
  let visitor: Client
  let conversationId: number

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    await app.db.updateTable('sites').set({ name: names.site, greeting: 'שלום' }).execute()
    const account = await app.newCustomer({ name: names.customer })
    visitor = await account.connect()
    const { conversation } = await visitor.request('conversation:start', {
      page: { url: 'https://shop.example/', title: 'x' },
      message: { clientMessageId: 'm', content: 'שלום, iPhone' },
    })
    conversationId = conversation.id
    await app.db.updateTable('conversations').set({ page_title: names.title }).execute()
    const login = await newLogin(app, names.agent, 'admin')
    console = await logIn(await testBrowser.newProfile(), app, login)
    await newLogin(app, `${override}רות Colleague`)
  })
  afterAll(async () => {
    visitor.close()
    expect(await testBrowser.closeProfiles(), '[WI12] complaints').toEqual([])
    await testBrowser.close()
    await app.stop()
  })

  const leaksOn = (surface: Page | Frame) => surface.evaluate(findLeaks)
  const show = async (path: string, text: RegExp) => {
    await console.goto(`${app.url}/console/${path}`)
    await console.getByText(text).first().waitFor()
  }
  const press = (name: RegExp) => console.getByRole('button', { name }).first().click()

  const places: [string, () => Promise<unknown>][] = [
    ['the list', () => show('', /Mei/)],
    ['a conversation to claim', () => show(`conversations/${conversationId}`, /iPhone/)],
    ['the question whether to block', () => press(/^Block customer/).then(() => console.getByRole('dialog').waitFor())],
    [
      'an own conversation',
      () =>
        console.keyboard
          .press('Escape')
          .then(() => press(/^Claim/))
          .then(() => console.locator('textarea').waitFor()),
    ],
    ['the transfer', () => press(/^Transfer/).then(() => console.getByText('Colleague').first().waitFor())],
    ['the list of all', () => show('?view=all', /Mei/)],
    ['the agents', () => show('agents', /Colleague/)],
    ['an agent', () => press(/^Edit/).then(() => console.getByRole('dialog').waitFor())],
    [
      'the question whether to disable',
      () =>
        show('agents', /Colleague/)
          .then(() => press(/^Disable/))
          .then(() => console.getByRole('dialog').waitFor()),
    ],
    ['the sites', () => show('sites', /Leaf/)],
    ['a site', () => press(/^Edit/).then(() => console.getByRole('dialog').waitFor())],
    ['the profile', () => show('profile', /^Name$/)],
  ]
  test.each(places)('[CV26] [CS22] [F17] stays in its place: %s', async (_, go) => {
    await go()
    expect(await leaksOn(console)).toEqual([])
  })

  test('[CV26] [CS22] [F17] stays in its place: the widget, with its agent, a typing agent and a file', async () => {
    customer = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await customer.open()
    await customer.write('hello')
    await customer.sees('Sent')
    const { id } = await app.db.selectFrom('conversations').select('id').orderBy('id', 'desc').executeTakeFirstOrThrow()
    const account = await app.newAgent({ name: names.agent })
    const agent = await account.connect()
    await agent.request('conversation:claim', { conversationId: id })
    await agent.request('message:send', { conversationId: id, clientMessageId: 'm', content: 'good day' })
    await customer.sees('good day')
    await agent.request('conversation:open', { conversationId: id })
    await agent.request('typing:set', { conversationId: id, typing: true })
    await customer.frame.getByText(/is typing/).waitFor()
    const file = { name: `invoice${override}fdp.txt`, mimeType: 'text/plain', buffer: Buffer.from('hello') }
    await customer.frame.locator('input[type=file]').setInputFiles(file)
    await customer.frame.getByText('invoicefdp.txt').waitFor()
    expect(await leaksOn(customer.frame)).toEqual([])
    agent.close()
  })
})
