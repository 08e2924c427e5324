// Typed text survives a lost network, a refusing server and a reload. It is sent once, in order, and only on purpose.

import type { CDPSession, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type CustomerPage, launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { english } from './screen-texts.ts'

describe.skipIf(findChromium() === undefined)('typed text', () => {
  let app: TestApp
  let testBrowser: TestBrowser

  beforeAll(async () => {
    app = await startTestApp({ rateLimits: true })
    testBrowser = await launchTestBrowser()
  })
  afterEach(async () => {
    expect(await testBrowser.closeProfiles(), '[WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  /** A customer and an agent in conversation, with `first` sent. */
  async function startConversation(
    first: string,
  ): Promise<{ customer: CustomerPage; agent: Page; reply: Locator; stored: () => Promise<string[]> }> {
    const agent = await logIn(await testBrowser.newProfile(), app, await newLogin(app, 'Ann'))
    const customer = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await customer.open()
    await customer.write(first)
    await agent.getByRole('link', { name: first }).click()
    await agent.getByRole('button', { name: english.claim }).click()
    const reply = agent.getByRole('textbox', { name: english.compose })
    await reply.waitFor()
    await customer.sees(english.withAnn)
    const conversationId = Number(agent.url().match(/conversations\/(\d+)/)?.[1])
    return {
      customer,
      agent,
      reply,
      stored: async () => (await app.storedMessages(conversationId)).map(({ content }) => content),
    }
  }

  test('[WI6] both sides write offline; after a reload each message is sent once, in order', async () => {
    const { customer, agent, reply, stored } = await startConversation('before')
    for (const { page } of [customer, { page: agent }]) await page.context().setOffline(true)
    await customer.sees(english.widgetOffline)
    await agent.getByText(english.consoleOffline).waitFor()
    await customer.write('one')
    await customer.write('two')
    await customer.composer.fill('a draft')
    await customer.sees('Sending')
    await reply.fill('three')
    await reply.press('Enter')
    await reply.fill('another draft')
    await agent.getByText('Sending').waitFor()
    expect(await stored()).toEqual(['before'])

    await customer.page.context().setOffline(false)
    await customer.reload()
    await customer.sees('two')
    await customer.frame.getByText('Sending').waitFor({ state: 'detached' })
    expect(await stored()).toEqual(['before', 'one', 'two'])
    expect(await customer.composer.inputValue()).toBe('a draft')

    await agent.context().setOffline(false)
    await agent.reload()
    await customer.sees('three')
    expect(await reply.inputValue()).toBe('another draft')
    expect(await stored()).toEqual(['before', 'one', 'two', 'three'])
  })

  test('[WI6] messages that a server refuses temporarily are kept and sent in order', async () => {
    const { customer, stored } = await startConversation('m0')
    const all = Array.from({ length: budgets.customerMessages.count + 10 }, (_, index) => `m${index}`)
    await customer.composer.focus()
    for (const text of all.slice(1)) {
      await customer.page.keyboard.insertText(text)
      await customer.page.keyboard.press('Enter')
    }
    await customer.sees('Sending')
    await customer.frame.getByText('Sending').waitFor({ state: 'detached' })
    expect(await stored()).toEqual(all)
    expect(await customer.words()).toEqual(all)
  })

  test('[CO9] each conversation has its own draft', async () => {
    const { customer, agent, reply } = await startConversation('hello')
    const other = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await other.open()
    await other.write('me too')
    await reply.fill('for the first')
    await agent.getByRole('link', { name: english.waiting }).click()
    await agent.getByRole('link', { name: 'me too' }).click()
    await agent.getByRole('button', { name: english.claim }).click()
    await agent.getByRole('log').getByText('me too').waitFor()
    await agent.getByRole('log').getByText('hello').waitFor({ state: 'detached' })
    expect(await reply.inputValue()).toBe('')
    await agent.getByRole('link', { name: english.mine }).click()
    await agent.getByRole('link', { name: 'hello' }).click()
    await agent.getByRole('log').getByText('hello').waitFor()
    expect(await reply.inputValue()).toBe('for the first')
    await reply.press('Enter')
    await customer.sees('for the first')
  })

  test('[WI8] Enter during an IME composition does not send, the next one does; Shift+Enter starts a new line', async () => {
    const { customer, agent, reply, stored } = await startConversation('first')
    for (const [page, field] of [
      [customer.page, customer.composer],
      [agent, reply],
    ] as const) {
      const keys = await page.context().newCDPSession(page)
      await field.focus()
      await compose(keys, 'nihao', '您好')
      await field.press('Shift+Enter')
      await page.keyboard.type('line')
      expect(await field.inputValue()).toBe('您好\nline')
      await field.press('Enter')
      await expect.poll(() => field.inputValue()).toBe('')
    }
    await customer.frame.getByText('您好\nline').nth(1).waitFor()
    expect(await stored()).toEqual(['first', '您好\nline', '您好\nline'])
  })
})

const newProfile = { key: 'Enter', code: 'Enter' } as const

/**
 * Simulates an input method: composed letters, then Enter to pick a word. Safari sends that key after the composition
 * has ended.
 */
async function compose(keys: CDPSession, letters: string, word: string): Promise<void> {
  for (let end = 1; end <= letters.length; end++) {
    await keys.send('Input.imeSetComposition', { text: letters.slice(0, end), selectionStart: end, selectionEnd: end })
  }
  // Within the composition, some browsers report the real key and others 229.
  await keys.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...newProfile, windowsVirtualKeyCode: 13 })
  await keys.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...newProfile, windowsVirtualKeyCode: 229 })
  await keys.send('Input.insertText', { text: word })
  await keys.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...newProfile, windowsVirtualKeyCode: 229 })
  await keys.send('Input.dispatchKeyEvent', { type: 'keyUp', ...newProfile, windowsVirtualKeyCode: 229 })
}
