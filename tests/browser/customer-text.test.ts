// Customers' text as agents see it: links show their real target, text reorders nothing beside it, and nothing looks
// blank.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'

const hebrew = 'שלום, ההזמנה iPhone 15 Pro לא הגיעה.'
const override = '\u202e'

describe.skipIf(findChromium() === undefined)("customers' text", () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let console: Page
  let cleanUp: (() => void)[] = []

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    console = await logIn(
      await testBrowser.newProfile(),
      app,
      await newLogin(app, 'Ann', 'admin'),
      '/console/?view=all',
    )
  })
  afterAll(async () => {
    for (const each of cleanUp) each()
    cleanUp = []
    expect(await testBrowser.closeProfiles(), '[WI12] complaints').toEqual([])
    await testBrowser.close()
    await app.stop()
  })

  async function show(
    page: { url: string; title: string },
    { name = '', email, content = 'hello' }: { name?: string; email?: string; content?: string } = {},
  ): Promise<number> {
    const account = await app.newCustomer({ name, ...(email === undefined ? {} : { email }) })
    const client = await account.connect()
    const { conversation } = await client.request('conversation:start', {
      page,
      message: { clientMessageId: 'm1', content },
    })
    cleanUp.push(() => client.close())
    await console.goto(`${app.url}/console/conversations/${conversation.id}?view=all`)
    await console.getByRole('log').locator('[data-status]').first().waitFor()
    return account.id
  }

  const aside = () => console.getByRole('complementary', { name: 'Details' })

  test('[CV24] [S25] the host of a page is shown beside its title, and a page of another origin is marked', async () => {
    await show({ url: 'https://shop.example/tea?id=1', title: 'Green tea' })
    await aside().getByRole('link', { name: 'Green tea' }).waitFor()
    await aside().getByText('shop.example', { exact: true }).waitFor()
    expect(await aside().getByText('Not a page of this site').count()).toBe(0)

    for (const url of [
      'https://evil.example/login',
      'https://shop.example@evil.example/',
      'https://shop.example.evil.example/',
    ]) {
      await show({ url, title: 'Kefu: your session has ended' })
      await aside().getByText(new URL(url).host, { exact: true }).waitFor()
      await aside().getByText('Not a page of this site').waitFor()
    }
  })

  test('[CS23] [F11] an email stored before validation existed becomes no link with extra recipients', async () => {
    await show({ url: 'https://shop.example/', title: '' }, { email: 'li@shop.example?bcc=spy%40evil.example&body=x' })
    await aside().getByText('li@shop.example?bcc', { exact: false }).waitFor()
    expect(await aside().locator('a[href^="mailto:"]').count()).toBe(0)
    await show({ url: 'https://shop.example/', title: '' }, { email: "o'brien+tea@shop.example" })
    const href = await aside().locator('a[href^="mailto:"]').getAttribute('href')
    expect(href).toBe("mailto:o'brien%2Btea@shop.example")
  })

  test("[CS22] [F16] [S25] an invisible name is replaced by the customer's number", async () => {
    const id = await show({ url: 'https://shop.example/', title: '\u3164' }, { name: '\u3164' })
    await aside()
      .getByRole('heading', { name: `Customer ${id}` })
      .waitFor()
    await aside().getByRole('link', { name: 'https://shop.example/' }).waitFor()
  })

  test('[CV26] [F17] [S25] each text has its own direction in bubbles, previews, names, titles and fields', async () => {
    await show(
      { url: 'https://shop.example/', title: `${override}moc.elpmaxe` },
      { name: `${override}ieM`, content: hebrew },
    )
    const directionOf = (selector: string) =>
      console
        .locator(selector)
        .first()
        .evaluate((element) => getComputedStyle(element).direction)
    expect(await directionOf('[role=log] [data-status] p')).toBe('rtl')
    for (const selector of ['aside h2 > bdi', 'header h2 > bdi', 'li a bdi', 'aside a > bdi']) {
      expect(await console.locator(selector).count(), selector).toBeGreaterThan(0)
    }
    await console
      .getByRole('button', { name: /^Claim/ })
      .first()
      .click()
    const field = console.locator('textarea')
    await field.fill(hebrew)
    expect(await directionOf('textarea')).toBe('rtl')
    await field.fill('hello')
    expect(await directionOf('textarea')).toBe('ltr')
    await field.fill('')
    // A direction override in the name moves nothing after the heading.
    const isInOrder = await console.evaluate(() => {
      const heading = document.querySelector('aside h2 > bdi') as HTMLElement
      return getComputedStyle(heading).unicodeBidi
    })
    expect(isInOrder).toBe('isolate')
  })

  test('[CV26] [F17] a bubble and the field of the widget follow the direction of their text', async () => {
    const customer = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await customer.open()
    await customer.write(hebrew)
    await customer.sees(hebrew)
    const bubble = customer.frame.locator('[data-status] p').first()
    expect(await bubble.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl')
    const field = customer.frame.locator('textarea')
    await field.fill(hebrew)
    expect(await field.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl')
    await field.fill('\u200b\u3164')
    await field.press('Enter')
    expect(await customer.frame.locator('[data-status]').count()).toBe(1)
    await field.fill('')
  })

  test('[CV27] [S31] the widget shows no number of a conversation, message or person', async () => {
    const { customer, customerAccount, conversationId } = await app.startConversation({ message: 'hello' })
    cleanUp.push(() => customer.close())
    const shown = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await shown.open()
    await shown.write('what number am I')
    await shown.sees('what number am I')
    const html = await shown.frame.locator('body').evaluate((body) => (body as HTMLElement).innerText)
    expect(html).not.toMatch(/#\d/)
    expect([customerAccount.id, conversationId].every((id) => id > 0)).toBe(true)
  })
})
