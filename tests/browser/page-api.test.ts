// The page API on strict pages of other origins: its calls, its events, and the secrets that a page never sees.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Customer, openStage, type Stage, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { heard, hears, kefu, kept, openShop, type PageWindow, type Shop } from './strict-shop.ts'
import { english } from './words.ts'

describe.skipIf(findChromium() === undefined)('on a shop’s page', () => {
  let app: TestApp
  let stage: Stage
  let shop: Shop

  beforeAll(async () => {
    app = await startTestApp()
    stage = await openStage()
    shop = await openShop(app)
    await app.db.updateTable('sites').set({ origins: shop.origin }).where('site_key', '=', app.siteKey).execute()
  })
  afterEach(async () => {
    expect(await stage.leave(), '[PA5] [WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await stage.close()
    await shop.close()
    await app.stop()
  })

  /** A customer who has written, and an agent who can reply. */
  async function talk(customer: Customer) {
    const agent = await (await app.newAgent({ name: 'Ann' })).connect()
    await customer.write('what a page must not see')
    const { conversation } = await agent.next('conversation:created')
    const conversationId = conversation.id
    expect(conversation).toMatchObject({
      page: { url: customer.page.url(), title: 'Teas' },
      customer: { language: 'en' },
    })
    await agent.request('conversation:claim', { conversationId })
    await customer.sees(english.withAnn)
    return async (content: string) => {
      const send = { conversationId, clientMessageId: 'a1', content }
      await agent.request('message:send', send)
      return async () => (await app.storedMessages(conversationId)).at(-1)?.isRead
    }
  }

  async function visitOpen(): Promise<Customer> {
    const customer = await visit(await stage.enter(), `${shop.origin}/stub`)
    await hears(customer.page, 'open')
    await customer.seesPanel(true)
    await customer.ready()
    return customer
  }

  test('[PA1] calls made before the script loaded run in order', async () => {
    const { page, seesLauncher } = await visitOpen()
    await seesLauncher(false)
    expect((await heard(page)).filter((event) => !event.startsWith('unread'))).toEqual(['ready', 'open'])
    await kefu(page, 'boot', { site: app.siteKey })
    await kefu(page, 'no-such-method')
    await kefu(page, 'show')
    await seesLauncher(true)
    expect(await page.locator('kefu-widget').count()).toBe(1)
  })

  test('[PA2] open and close control the panel, show and hide the launcher', async () => {
    const { page, seesPanel, seesLauncher } = await visitOpen()
    await kefu(page, 'show')
    await seesLauncher(true)
    await seesPanel(true)
    await kefu(page, 'close')
    await seesPanel(false)
    await seesLauncher(true)
    await kefu(page, 'hide')
    await seesLauncher(false)
    await kefu(page, 'open')
    await seesPanel(true)
  })

  test('[PA3] a page gets open, close and unread events; a late listener gets ready; removed listeners get none', async () => {
    const customer = await visitOpen()
    const { page } = customer
    const answer = await talk(customer)
    await page.evaluate(() => {
      const { Kefu, heard } = window as unknown as PageWindow
      Kefu('on', 'ready', () => heard.push('ready, late'))
      const undo = Kefu('on', 'close', () => heard.push('never')) as () => void
      undo()
      heard.length = 0
    })
    await kefu(page, 'close')
    await hears(page, 'close')
    const isRead = await answer('an answer')
    await hears(page, 'unread 1')
    expect(await isRead()).toBe(false)
    await kefu(page, 'open')
    await hears(page, 'unread 0')
    await expect.poll(isRead).toBe(true)
    expect(await heard(page)).toEqual(['ready, late', 'close', 'unread 1', 'open', 'unread 0'])
  })

  test('[PA4] shutdown removes everything from the page and the browser; the next boot is a new customer', async () => {
    const customer = await visitOpen()
    const { page } = customer
    await talk(customer)
    expect(Object.keys(await kept(page)).length).toBeGreaterThan(1)
    await kefu(page, 'shutdown')
    await page.locator('kefu-widget').waitFor({ state: 'detached' })
    expect(await kept(page)).toEqual({ cookie: '' })
    await kefu(page, 'boot', { site: app.siteKey })
    await kefu(page, 'open')
    await customer.seesPanel(true)
    await customer.ready()
    await customer.sees(english.here)
    expect(await customer.words()).toEqual([])
  })

  test('[PA5] [PA7] everything works on the strictest page, and its URLs, storage and markup hold no secret', async () => {
    const customer = await visit(await stage.enter(), `${shop.origin}/`)
    const { page } = customer
    await customer.open()
    await talk(customer)
    const secret = await customer.frame.evaluate(
      () => Object.entries(localStorage).find(([key]) => key.includes('resume'))?.[1],
    )
    expect(secret).toMatch(/.{20,}/)
    await customer.reload()
    await customer.sees('what a page must not see')
    const seen = [...stage.requests, JSON.stringify(await kept(page)), await page.content()].join('\n')
    for (const hidden of [secret as string, 'eyJ', 'token', 'must not see', encodeURIComponent('must not see')]) {
      expect(seen.includes(hidden), hidden).toBe(false)
    }
    expect(
      stage.requests.filter(
        (url) =>
          !url.startsWith(shop.origin) && !url.startsWith(app.url) && !url.startsWith(app.url.replace('http', 'ws')),
      ),
    ).toEqual([])
  })

  test('[PA8] the widget works where the browser denies storage to its frame', async () => {
    // A different site from Kefu's address: Chromium blocks storage in its frames here.
    const distant = await openShop(app, 'localhost')
    await app.db
      .updateTable('sites')
      .set({ origins: `${shop.origin}\n${distant.origin}` })
      .execute()
    const customer = await visit(await stage.enter(), `${distant.origin}/`)
    await customer.open()
    const isDenied = () => {
      try {
        return localStorage === null
      } catch {
        return true
      }
    }
    expect(await customer.frame.evaluate(isDenied)).toBe(true)
    const answer = await talk(customer)
    await answer('an answer')
    await customer.sees('an answer')
    await distant.close()
  })

  test('[PA6] [T21] a page with a foreign origin cannot embed the widget, and no customer is created', async () => {
    const foreign = await openShop(app)
    const page = await (await stage.enter()).newPage()
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
    await page.goto(`${foreign.origin}/stub`)
    await refused
    expect(page.frames().filter((frame) => frame.url().startsWith(app.url))).toEqual([])
    expect(stage.requests.filter((url) => url.includes('/session'))).toEqual([])
    expect(await stage.leave()).toEqual([expect.stringContaining('frame-ancestors')])
    await foreign.close()
  })
})
