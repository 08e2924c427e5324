// The loader on a shop's page: what it requires of the page, and what it leaves unchanged.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { type HostPage, openHostPage } from '../support/host-page.ts'

describe.skipIf(findChromium() === undefined)('launcher', () => {
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

  test('works on the strictest page, with two requests before anybody interacts', async () => {
    const { page, launcher, requests, complaints } = await shop.visit()
    await launcher.waitFor()
    expect((await launcher.boundingBox())?.width).toBeGreaterThanOrEqual(44)
    await page.waitForLoadState('networkidle')
    expect(requests.filter((url) => url.startsWith(app.url))).toHaveLength(2)
    expect(complaints).toEqual([])
  })

  test('[PA12] appears when the server comes back', async () => {
    let asked = 0
    const { page, launcher } = await shop.visit({
      async prepare(page) {
        await page.route('**/api/v1/widget/sites/*', (route) => {
          asked++
          if (asked === 1) return route.abort()
          return asked === 2 ? route.fulfill({ status: 503, body: '{}' }) : route.continue()
        })
      },
    })
    await launcher.waitFor()
    expect(asked).toBe(3)
    await page.close()
  })

  test('loads the frame on hover, and creates a customer only when opened', async () => {
    const { launcher, frame, composer, requests } = await shop.visit()
    await launcher.hover()
    await frame.getByRole('heading').waitFor({ state: 'attached' })
    expect(requests.some((url) => url.includes('/session'))).toBe(false)
    await launcher.click()
    await frame.getByRole('heading', { name: 'Mist & Leaf' }).waitFor()
    expect(requests.some((url) => url.includes('/session'))).toBe(true)
    await expect.poll(() => composer.evaluate((e) => e === document.activeElement)).toBe(true)
    expect(requests.filter((url) => /token|eyJ/.test(url))).toEqual([])
  })

  test('is a non-modal dialog that Escape closes, and focus returns to the button', async () => {
    const { page, launcher, panel, composer } = await shop.visit()
    await launcher.focus()
    await page.keyboard.press('Enter')
    await composer.waitFor()
    expect(await launcher.getAttribute('aria-expanded')).toBe('true')
    expect(await panel.getAttribute('aria-modal')).toBe('false')
    await composer.press('Escape')
    await panel.waitFor({ state: 'hidden' })
    const isFocused = () => launcher.evaluate((button) => (button.getRootNode() as ShadowRoot).activeElement === button)
    await expect.poll(isFocused).toBe(true)
  })

  test('covers the whole screen on a phone, and the page returns to its position afterwards', async () => {
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
    const { page, launcher, panel, frame } = await shop.visit(phone)
    await launcher.waitFor()
    await page.evaluate(() => scrollTo(0, 500))
    await launcher.tap()
    await frame.getByRole('button', { name: 'Close' }).waitFor()
    expect(await panel.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 })
    expect(await panel.getAttribute('aria-modal')).toBe('true')
    expect(await page.evaluate(() => document.body.inert)).toBe(true)
    await frame.getByRole('button', { name: 'Close' }).tap()
    await panel.waitFor({ state: 'hidden' })
    expect(await page.evaluate(() => [document.body.inert, scrollY])).toEqual([false, 500])
  })

  test('[CV9] [F19] the badge shows all of 60 unread messages, and still does once a page of them is loaded', async () => {
    const { page, launcher, frame, write, composer } = await shop.visit()
    await launcher.click()
    await composer.waitFor()
    await write('hello')
    await frame.getByText('Sent', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    const { id } = await app.db.selectFrom('conversations').select('id').orderBy('id', 'desc').executeTakeFirstOrThrow()
    const agent = await (await app.newAgent()).connect()
    await agent.request('conversation:claim', { conversationId: id })
    for (let n = 1; n <= 60; n++) {
      await agent.request('message:send', { conversationId: id, clientMessageId: `${n}`, content: `reply ${n}` })
    }
    await expect.poll(() => launcher.getAttribute('aria-label')).toBe('Talk to us, 60 unread messages')
    await page.addInitScript(() => {
      const counts: number[] = []
      Object.assign(window, { counts })
      Object.assign(window, { Kefu: { q: [['on', 'unread', (count: number) => counts.push(count)]] } })
    })
    await page.reload()
    await frame.getByText('reply 60', { exact: true }).waitFor({ state: 'attached' })
    await agent.request('message:send', { conversationId: id, clientMessageId: '61', content: 'reply 61' })
    await expect.poll(() => launcher.getAttribute('aria-label')).toBe('Talk to us, 61 unread messages')
    const counts = await page.evaluate(() => (window as unknown as { counts: number[] }).counts)
    expect(counts.filter((count) => count !== 0 && count < 60)).toEqual([])
    agent.close()
  })
})
