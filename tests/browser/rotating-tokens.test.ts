// One resume token and one refresh cookie are shared by all tabs of a browser. However their calls interleave, a
// customer stays the same and an agent stays logged in.

import type { BrowserContext, Page, Route } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { type CustomerPage, customerAt, logIn, newLogin, visit } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import { english } from './screen-texts.ts'

const session = '**/api/v1/widget/session'
const refresh = '**/api/v1/auth/refresh'

/** As on plain http. */
const withoutLocks = () => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })

describe.skipIf(findChromium() === undefined)('tabs that rotate one token', () => {
  const fixture = useBrowserFixture()
  const demo = () => `${fixture.app.url}/demo/`

  async function countCustomers(): Promise<number> {
    const { n } = await fixture.app.db
      .selectFrom('users')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('role', '=', 'customer')
      .executeTakeFirstOrThrow()
    return n
  }

  /** A customer with one sent message, whose panel is open on every page. */
  async function writingCustomer(context: BrowserContext): Promise<CustomerPage> {
    const customer = await visit(context, demo())
    await customer.open()
    await customer.write('my order is late')
    await customer.sees(english.sent)
    return customer
  }

  test.each([
    ['with Web Locks', 16, () => {}],
    ['without Web Locks', 6, withoutLocks],
  ])('[CS2] [F1] tabs opened together show one customer and keep unsent text, %s', async (_name, tabs, prepare) => {
    const context = await fixture.testBrowser.newProfile()
    await context.addInitScript(prepare)
    const first = await writingCustomer(context)
    await first.composer.fill('not sent yet')
    const before = await countCustomers()
    const pages = await Promise.all(Array.from({ length: tabs }, () => context.newPage()))
    await Promise.all(pages.map((page) => page.goto(demo())))
    for (const page of pages) {
      const tab = customerAt(page)
      await tab.open()
      await tab.sees('my order is late')
      await expect.poll(() => tab.composer.inputValue()).toBe('not sent yet')
    }
    expect(await countCustomers()).toBe(before)
    expect(await first.composer.inputValue()).toBe('not sent yet')
  })

  /** Holds the first call of a page. */
  async function holdCall(page: Page, url: string): Promise<{ isHeld(): Promise<void>; release(): Promise<void> }> {
    let held: Route | undefined
    const hold = (route: Route) => {
      held = route
    }
    await page.route(url, hold, { times: 1 })
    return {
      isHeld: () => expect.poll(() => held).toBeDefined(),
      release: async () => held?.continue(),
    }
  }

  /** Waits until each page has its answer, or waits for its turn. */
  async function haveAsked(pages: Page[], answers: { count: number }): Promise<void> {
    const waiting = () =>
      pages[0]?.evaluate(async () => ((await navigator.locks.query()).pending ?? []).length).then(Number) ?? 0
    await expect.poll(async () => answers.count + (await waiting())).toBeGreaterThanOrEqual(pages.length)
  }

  test('[CS2] [F1] a delayed call of one tab loses no customer while others rotate', async () => {
    const context = await fixture.testBrowser.newProfile()
    const first = await writingCustomer(context)
    await first.composer.fill('not sent yet')
    const before = await countCustomers()
    const late = await context.newPage()
    const { isHeld, release } = await holdCall(late, session)
    await late.goto(demo())
    await isHeld()
    const others = [await context.newPage(), await context.newPage()]
    const answers = { count: 0 }
    for (const page of others) {
      page.on('response', (response) => {
        if (response.url().endsWith('/widget/session')) answers.count++
      })
      await page.goto(demo())
    }
    await haveAsked(others, answers)
    await release()
    for (const page of [late, ...others]) {
      const tab = customerAt(page)
      await tab.open()
      await tab.sees('my order is late')
      await expect.poll(() => tab.composer.inputValue()).toBe('not sent yet')
    }
    expect(await countCustomers()).toBe(before)
  })

  test('[AU4] [F1] a delayed refresh of one tab logs no tab out while others refresh', async () => {
    const context = await fixture.testBrowser.newProfile()
    const first = await logIn(context, fixture.app, await newLogin(fixture.app, 'Ann'))
    const late = await context.newPage()
    const { isHeld, release } = await holdCall(late, refresh)
    await late.goto(`${fixture.app.url}/console/`)
    await isHeld()
    const others = [await context.newPage(), await context.newPage()]
    const answers = { count: 0 }
    for (const page of others) {
      page.on('response', (response) => {
        if (response.url().endsWith('/auth/refresh')) answers.count++
      })
      await page.goto(`${fixture.app.url}/console/`)
    }
    await haveAsked(others, answers)
    await release()
    for (const page of [first, late, ...others]) {
      await page.getByRole('button', { name: /Online/ }).waitFor()
      await page.reload()
      await page.getByRole('button', { name: /Online/ }).waitFor()
    }
  })

  test('[CS2] [F1] one reply that names another customer deletes nothing', async () => {
    const context = await fixture.testBrowser.newProfile()
    const customer = await writingCustomer(context)
    await customer.composer.fill('not sent yet')
    // The token is lost on the way, as with a call that others have overtaken.
    await customer.page.route(
      session,
      async (route) => {
        const { resumeToken, ...body } = route.request().postDataJSON()
        expect(resumeToken).toBeDefined()
        await route.continue({ postData: JSON.stringify(body) })
      },
      { times: 1 },
    )
    await customer.reload()
    await customer.sees('my order is late')
    expect(await customer.composer.inputValue()).toBe('not sent yet')
  })

  test('[CS2] [F1] a customer whose session is over keeps unsent text', async () => {
    const context = await fixture.testBrowser.newProfile()
    const customer = await writingCustomer(context)
    await customer.composer.fill('not sent yet')
    await fixture.app.db.deleteFrom('customer_sessions').execute()
    await customer.reload()
    await expect.poll(() => customer.words()).toEqual([])
    await expect.poll(() => customer.composer.inputValue()).toBe('not sent yet')
  })
})
