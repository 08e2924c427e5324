// The customer's screens by axe in every state they have, in both themes and languages and in any shop's colour, and by keyboard alone.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { findViolations } from '../support/axe.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { openShop, type Shop } from '../support/shop.ts'

describe.skipIf(findChromium() === undefined)('accessibility of the widget', () => {
  let app: TestApp
  let browser: Browser
  let shop: Shop

  beforeAll(async () => {
    app = await startTestApp()
    browser = await launchChromium()
    shop = await openShop(app, browser)
    await app.db.updateTable('sites').set({ origins: shop.origin }).where('site_key', '=', app.siteKey).execute()
  })
  afterAll(async () => {
    await browser.close()
    await shop.close()
    await app.stop()
  })

  test.each([
    ['light', 'en-US', '#0f766e'],
    ['dark', 'zh-CN', '#ffd400'],
    ['light', 'zh-CN', '#ffffff'],
  ] as const)(
    'no violation in any state: %s, %s, %s',
    async (colorScheme, locale, color) => {
      await app.db.updateTable('sites').set({ color }).where('site_key', '=', app.siteKey).execute()
      const { page, launcher, frame, composer, write } = await shop.visit({
        colorScheme,
        locale,
        reducedMotion: 'reduce',
      })
      const bubbles = frame.locator('[data-status]')
      await launcher.waitFor()
      expect(await findViolations(page), 'closed').toEqual([])

      await launcher.click()
      await frame.getByRole('form').waitFor()
      expect(await findViolations(page), 'open, nobody here').toEqual([])
      await frame.getByRole('form').getByRole('textbox').fill('nonsense')
      await frame.getByRole('form').getByRole('button').click()
      await frame.locator('[aria-invalid]').waitFor()
      expect(await findViolations(page, '/widget/'), 'mail address refused').toEqual([])

      const account = await app.newAgent({ name: 'Ann', role: 'admin' })
      const agent = await account.connect()
      await write('hello https://shop.example')
      const { conversation } = await agent.next('conversation:created')
      const conversationId = conversation.id
      await frame.locator('[data-status="sent"]').waitFor()
      expect(await findViolations(page, '/widget/'), 'waiting').toEqual([])

      await agent.request('conversation:claim', { conversationId })
      await agent.request('conversation:open', { conversationId })
      await agent.request('message:send', {
        conversationId,
        clientMessageId: 'a1',
        content: 'see https://shop.example',
      })
      await agent.request('typing:set', { conversationId, typing: true })
      await frame.getByText(/Ann is typing|Ann 正在输入/).waitFor()
      expect(await findViolations(page, '/widget/'), 'in progress').toEqual([])

      await agent.request('customer:set-blocked', { customerId: conversation.customer.id, blocked: true })
      await write('refused')
      await frame.locator('[data-status="failed"]').waitFor()
      expect(await findViolations(page, '/widget/'), 'not sent').toEqual([])
      await frame.getByRole('button', { name: /^(Delete|删除)$/ }).click()
      await vi.waitFor(async () => expect(await bubbles.count()).toBe(2))

      await agent.request('conversation:close', { conversationId })
      await frame.getByText(/is closed|会话已结束/).waitFor()
      await composer.fill('x'.repeat(4_001))
      await frame.getByText(/over the limit|上限/).waitFor()
      expect(await findViolations(page, '/widget/'), 'closed conversation, text too long').toEqual([])

      await page.context().setOffline(true)
      await frame.getByText(/No connection|网络已断开/).waitFor({ timeout: 10_000 })
      expect(await findViolations(page, '/widget/'), 'offline').toEqual([])
      await page.context().close()
      await agent.request('agent:set-status', { status: 'offline' })
    },
    60_000,
  )

  test('from the page to a sent message and back without a mouse', async () => {
    const { page, launcher, panel, composer, frame } = await shop.visit()
    await launcher.waitFor()
    const { keyboard } = page
    const isOnLauncher = () => page.evaluate(() => document.activeElement?.localName === 'kefu-widget')
    for (let presses = 0; presses < 10 && !(await isOnLauncher()); presses++) await keyboard.press('Tab')
    expect(await isOnLauncher()).toBe(true)
    await keyboard.press('Space')
    await vi.waitFor(async () => expect(await composer.evaluate((e) => e === document.activeElement)).toBe(true))
    await keyboard.type('without a mouse')
    await keyboard.press('Enter')
    await frame.getByText('Sent').waitFor()
    const passed: string[] = []
    for (let presses = 0; presses < 5; presses++) {
      await keyboard.press('Shift+Tab')
      passed.push(await frame.locator(':focus').evaluate((e) => e.role ?? e.localName))
    }
    expect(passed).toEqual(['button', 'input', 'log', 'button', 'select'])
    await keyboard.press('Escape')
    await panel.waitFor({ state: 'hidden' })
    await vi.waitFor(async () => expect(await isOnLauncher()).toBe(true))
    await keyboard.press('Tab')
    expect(await isOnLauncher()).toBe(false)
  })

  test('history is not read out; what others write afterwards is, once', async () => {
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
    await vi.waitFor(async () => expect(await announcer.allTextContents()).toEqual(['Ann: an answer']), 5_000)
  })

  test('the demo shop in both languages and themes', async () => {
    for (const [locale, colorScheme] of [
      ['en-US', 'light'],
      ['zh-CN', 'dark'],
    ] as const) {
      const page = await browser.newPage({ locale, colorScheme })
      await page.goto(`${app.url}/demo/`)
      await page.getByRole('heading', { level: 3 }).first().waitFor()
      expect(await page.title()).toMatch(locale === 'zh-CN' ? /山雾茶舍/ : /Mist & Leaf/)
      expect(await findViolations(page)).toEqual([])
      await page.getByRole('button', { name: /^(Ask our tea house|问问茶舍)$/ }).click()
      await vi.waitFor(() => expect(page.frames()).toHaveLength(2))
      await page.close()
    }
  })
})
