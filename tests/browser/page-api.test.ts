// The page API on strict pages of other origins: its calls, its events, and the secrets that a page never sees.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type CustomerPage, launchTestBrowser, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium, findWholeChromium } from '../support/chromium.ts'
import { english } from './screen-texts.ts'
import {
  kefu,
  openStrictPage,
  type PageWindow,
  pageStorage,
  received,
  type StrictPage,
  waitForEvent,
} from './strict-page.ts'

const canDenyStorage = findWholeChromium() !== undefined

describe.skipIf(findChromium() === undefined)('on a shop’s page', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let shop: StrictPage

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    shop = await openStrictPage(app)
    await app.db.updateTable('sites').set({ origins: shop.origin }).where('site_key', '=', app.siteKey).execute()
  })
  afterEach(async () => {
    expect(await testBrowser.closeProfiles(), '[PA5] [WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await testBrowser.close()
    await shop.close()
    await app.stop()
  })

  /** A customer who has written, and an agent who can reply. */
  async function startConversation(customer: CustomerPage) {
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

  async function visitOpen(): Promise<CustomerPage> {
    const customer = await visit(await testBrowser.newProfile(), `${shop.origin}/stub`)
    await waitForEvent(customer.page, 'open')
    await customer.seesPanel(true)
    await customer.ready()
    return customer
  }

  test('[PA1] calls made before the script loaded run in order', async () => {
    const { page, seesLauncher } = await visitOpen()
    await seesLauncher(false)
    expect((await received(page)).filter((event) => !event.startsWith('unread'))).toEqual(['ready', 'open'])
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
    const answer = await startConversation(customer)
    await page.evaluate(() => {
      const { Kefu, received } = window as unknown as PageWindow
      Kefu('on', 'ready', () => received.push('ready, late'))
      const undo = Kefu('on', 'close', () => received.push('never')) as () => void
      undo()
      received.length = 0
    })
    await kefu(page, 'close')
    await waitForEvent(page, 'close')
    const isRead = await answer('an answer')
    await waitForEvent(page, 'unread 1')
    expect(await isRead()).toBe(false)
    await kefu(page, 'open')
    await waitForEvent(page, 'unread 0')
    await expect.poll(isRead).toBe(true)
    expect(await received(page)).toEqual(['ready, late', 'close', 'unread 1', 'open', 'unread 0'])
  })

  test('[PA4] shutdown removes everything from the page and the browser; the next boot is a new customer', async () => {
    const customer = await visitOpen()
    const { page } = customer
    await startConversation(customer)
    expect(Object.keys(await pageStorage(page)).length).toBeGreaterThan(1)
    await kefu(page, 'shutdown')
    await page.locator('kefu-widget').waitFor({ state: 'detached' })
    expect(await pageStorage(page)).toEqual({ cookie: '' })
    await kefu(page, 'boot', { site: app.siteKey })
    await kefu(page, 'open')
    await customer.seesPanel(true)
    await customer.ready()
    await customer.sees(english.here)
    expect(await customer.words()).toEqual([])
  })

  test('[PA5] [PA7] everything works on the strictest page, and its URLs, storage and markup hold no secret', async () => {
    const customer = await visit(await testBrowser.newProfile(), `${shop.origin}/`)
    const { page } = customer
    await customer.open()
    await startConversation(customer)
    const secret = await customer.frame.evaluate(
      () => Object.entries(localStorage).find(([key]) => key.includes('resume'))?.[1],
    )
    expect(secret).toMatch(/.{20,}/)
    await customer.reload()
    await customer.sees('what a page must not see')
    const seen = [...testBrowser.requests, JSON.stringify(await pageStorage(page)), await page.content()].join('\n')
    for (const hidden of [secret as string, 'eyJ', 'token', 'must not see', encodeURIComponent('must not see')]) {
      expect(seen.includes(hidden), hidden).toBe(false)
    }
    expect(
      testBrowser.requests.filter(
        (url) =>
          !url.startsWith(shop.origin) && !url.startsWith(app.url) && !url.startsWith(app.url.replace('http', 'ws')),
      ),
    ).toEqual([])
  })

  test.skipIf(!canDenyStorage)('[PA8] the widget works where the browser denies storage to its frame', async () => {
    const wholeBrowser = await launchTestBrowser(findWholeChromium())
    // A different site from Kefu's address: Chromium blocks storage in its frames here.
    const otherSite = await openStrictPage(app, 'localhost')
    await app.db
      .updateTable('sites')
      .set({ origins: `${shop.origin}\n${otherSite.origin}` })
      .execute()
    const customer = await visit(await wholeBrowser.newProfile(), `${otherSite.origin}/`)
    await customer.open()
    const isDenied = () => {
      try {
        return localStorage === null
      } catch {
        return true
      }
    }
    expect(await customer.frame.evaluate(isDenied)).toBe(true)
    const answer = await startConversation(customer)
    await answer('an answer')
    await customer.sees('an answer')
    expect(await wholeBrowser.closeProfiles()).toEqual([])
    await wholeBrowser.close()
    await otherSite.close()
  })

  test('[PA6] [T21] a page with a foreign origin cannot embed the widget, and no customer is created', async () => {
    const foreign = await openStrictPage(app)
    const page = await (await testBrowser.newProfile()).newPage()
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
    await page.goto(`${foreign.origin}/stub`)
    await refused
    expect(page.frames().filter((frame) => frame.url().startsWith(app.url))).toEqual([])
    expect(testBrowser.requests.filter((url) => url.includes('/session'))).toEqual([])
    expect(await testBrowser.closeProfiles()).toEqual([expect.stringContaining('frame-ancestors')])
    await foreign.close()
  })
})
