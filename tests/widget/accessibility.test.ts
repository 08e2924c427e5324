// The widget in every state, checked by axe, and its announcements to screen readers.

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { colourRules, findViolations } from '../support/axe.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { type HostPage, openHostPage } from '../support/host-page.ts'

describe.skipIf(findChromium() === undefined)('accessibility of the widget', () => {
  let app: TestApp
  let browser: Browser
  let shop: HostPage

  beforeAll(async () => {
    app = await startTestApp()
    browser = await launchChromium()
    shop = await openHostPage(app, browser)
    await app.db.updateTable('sites').set({ origins: shop.origin }).where('site_key', '=', app.siteKey).execute()
  })
  afterAll(async () => {
    await browser.close()
    await shop.close()
    await app.stop()
  })

  /** In both themes; a theme only changes colours. */
  async function violations(page: Page, path = '/widget/'): Promise<string[]> {
    await page.emulateMedia({ colorScheme: 'light' })
    const inLight = await findViolations(page, path)
    await page.emulateMedia({ colorScheme: 'dark' })
    return [...inLight, ...(await findViolations(page, path, { only: colourRules }))]
  }

  // accent.test.ts covers picked colours, and the console's file checks the default one.
  test('[WI13] no violation in any state of the widget, in a colour that needs dark text', async () => {
    await app.db.updateTable('sites').set({ color: '#ffd400' }).where('site_key', '=', app.siteKey).execute()
    const { page, launcher, frame, composer, write } = await shop.visit({
      locale: 'zh-CN',
      reducedMotion: 'reduce',
    })
    const bubbles = frame.locator('[data-status]')
    await launcher.waitFor()
    expect(await violations(page, '/'), 'closed').toEqual([])

    await launcher.click()
    await frame.getByRole('form').waitFor()
    expect(await violations(page, '/'), 'open, nobody here').toEqual([])
    await frame.getByRole('form').getByRole('textbox').fill('nonsense')
    await frame.getByRole('form').getByRole('button').click()
    await frame.locator('[aria-invalid]').waitFor()
    expect(await violations(page), 'email address rejected').toEqual([])

    const account = await app.newAgent({ name: 'Ann', role: 'admin' })
    const agent = await account.connect()
    await write('hello https://shop.example')
    const { conversation } = await agent.next('conversation:created')
    const conversationId = conversation.id
    await frame.locator('[data-status="sent"]').waitFor()
    expect(await violations(page), 'waiting').toEqual([])

    await agent.request('conversation:claim', { conversationId })
    await agent.request('conversation:open', { conversationId })
    await agent.request('message:send', {
      conversationId,
      clientMessageId: 'a1',
      content: 'see https://shop.example',
    })
    await agent.request('typing:set', { conversationId, typing: true })
    await frame.getByText(/Ann is typing|Ann 正在输入/).waitFor()
    expect(await violations(page), 'in progress').toEqual([])

    await agent.request('customer:set-blocked', { customerId: conversation.customer.id, blocked: true })
    await write('refused')
    await frame.locator('[data-status="failed"]').waitFor()
    expect(await violations(page), 'not sent').toEqual([])
    await frame.getByRole('button', { name: /^(Delete|删除)$/ }).click()
    await expect.poll(() => bubbles.count()).toBe(2)

    await agent.request('conversation:close', { conversationId })
    await frame.getByText(/is closed|会话已结束/).waitFor()
    await composer.fill('x'.repeat(4_001))
    await frame.getByText(/over the limit|上限/).waitFor()
    expect(await violations(page), 'closed conversation, text too long').toEqual([])

    await page.context().setOffline(true)
    await frame.getByText(/offline|网络已断开/).waitFor()
    expect(await violations(page), 'offline').toEqual([])
    await page.context().close()
  })

  test('history is not announced; later messages of others are, once', async () => {
    const { launcher, frame, write } = await shop.visit()
    await launcher.click()
    const agent = await (await app.newAgent({ name: 'Ann' })).connect()
    await write('my own words')
    const { conversation } = await agent.next('conversation:created')
    await agent.request('conversation:claim', { conversationId: conversation.id })
    const announcer = frame.locator('[aria-live="polite"]')
    expect(await frame.getByRole('log').getAttribute('aria-live')).toBe('off')
    await agent.request('message:send', {
      conversationId: conversation.id,
      clientMessageId: 'a1',
      content: 'an answer',
    })
    await expect.poll(() => announcer.allTextContents()).toEqual(['Ann: an answer'])
  })
})
