// Text by strangers stays text on every screen, for agents and customers: messages, names, page titles and URLs.

import type { Frame, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { english } from './screen-texts.ts'

const markup = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
const links = 'javascript:alert(1) [a](javascript:alert(1)) data:text/html,x https://shop.example/a?b=1&c=2'

describe.skipIf(findChromium() === undefined)('hostile text', () => {
  let app: TestApp
  let testBrowser: TestBrowser

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    await app.db
      .updateTable('sites')
      .set({ name: markup.slice(0, 60), greeting: markup })
      .execute()
  })
  afterEach(async () => {
    expect(await testBrowser.closeProfiles(), '[WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  async function expectHarmless(surface: Page | Frame): Promise<void> {
    expect(await surface.locator('img, script:not([src])').count()).toBe(0)
    const targets = await surface
      .locator('a[href]')
      .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).protocol))
    expect([...new Set(targets)].filter((protocol) => !['http:', 'https:', 'mailto:'].includes(protocol))).toEqual([])
    expect(await surface.title()).not.toBe('owned')
  }

  test('[WI11] markup and script links stay text on both sides; only http, https and mailto links work', async () => {
    const agent = await logIn(await testBrowser.newProfile(), app, await newLogin(app, '<b>Ann</b>', 'admin'))
    const customer = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await customer.open()
    await customer.sees(markup)
    await customer.page.evaluate((title) => {
      document.title = title
    }, markup)
    await customer.page.keyboard.press('Escape')
    await customer.open()
    await customer.write(markup)
    await customer.write(links)
    await app.db
      .updateTable('users')
      .set({ name: markup.slice(0, 70) })
      .where('role', '=', 'customer')
      .execute()

    const row = agent.getByRole('link', { name: 'javascript:alert(1)' })
    await row.waitFor()
    await agent.reload()
    await row.click()
    await agent.getByRole('button', { name: english.claim }).click()
    await agent.getByRole('log').getByText(markup, { exact: true }).waitFor()
    await agent
      .getByRole('heading', { name: markup.slice(0, 70) })
      .first()
      .waitFor()
    await agent
      .getByRole('complementary')
      .getByRole('link', { name: markup.slice(0, 60) })
      .waitFor()
    await expectHarmless(agent)

    await agent.getByRole('textbox').last().fill(`${markup} ${links}`)
    await agent.keyboard.press('Enter')
    await customer.frame.getByText('You’re talking to <b>Ann</b>', { exact: true }).waitFor()
    await customer.sees(`${markup} ${links}`)
    await expectHarmless(customer.frame)
    const followed = customer.frame.getByRole('log').getByRole('link')
    expect(await followed.allTextContents()).toEqual(Array(2).fill('https://shop.example/a?b=1&c=2'))
    expect(await followed.first().getAttribute('rel')).toBe('noopener noreferrer nofollow')
  })
})
