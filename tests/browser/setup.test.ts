// The first start: the link from the log creates the first admin and shows the embed snippet, and the widget works
// immediately.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setupCode } from '../../server/setup/first-admin.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type CustomerPage, customerAt, launchTestBrowser, password, type TestBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { runInSteps } from '../support/steps.ts'
import { chinese, english } from './screen-texts.ts'

describe.skipIf(findChromium() === undefined).each([english, chinese])('setup in $locale', (words) => {
  let app: TestApp
  let testBrowser: TestBrowser
  let page: Page
  let customer: CustomerPage

  const heading = (name: string) => page.getByRole('heading', { name, exact: true }).waitFor()
  const follow = async (link: string) => {
    await page.goto('about:blank')
    await page.goto(link)
  }

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    page = await (await testBrowser.newProfile({ locale: words.locale })).newPage()
    customer = customerAt(page)
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  runInSteps()

  test('[CO6] a link without its code is rejected, and the form is not shown', async () => {
    await page.goto(`${app.url}/setup`)
    await heading(words.setup.badCode)
    expect(await page.getByRole('textbox').count()).toBe(0)
  })

  test('[CO5] the code leaves the address bar immediately; the form creates the admin and shows the embed snippet', async () => {
    await follow(`${app.url}/setup#${setupCode(app)}`)
    const { setup } = words
    await page.getByLabel(setup.password, { exact: true }).fill(password)
    expect(page.url()).toBe(`${app.url}/setup`)
    await page.getByLabel(setup.siteName, { exact: true }).fill('山雾 & Leaf')
    await page.getByLabel(setup.siteOrigin, { exact: true }).fill('tea.example')
    await page.getByRole('button', { name: setup.submit }).click()
    await heading(setup.done)
    const snippet = await page.getByRole('textbox', { name: setup.snippet }).inputValue()
    const site = await app.db.selectFrom('sites').select(['name', 'origins', 'site_key']).executeTakeFirstOrThrow()
    expect(site).toMatchObject({ name: '山雾 & Leaf', origins: 'https://tea.example' })
    expect(snippet).toBe(`<script async src="${app.url}/kefu.js" data-site="${site.site_key}"></script>`)
  })

  test('[CO5] the widget on the page works: a message waits in the console, which is logged in', async () => {
    await page.getByRole('button', { name: words.setup.openChat }).click()
    await customer.seesPanel(true)
    await customer.ready()
    await customer.frame.getByRole('heading', { name: '山雾 & Leaf' }).waitFor()
    await customer.write('test 一下')
    await customer.sees(words.sent)
    const opened = page.waitForEvent('popup')
    await page.getByRole('link', { name: words.setup.toConsole }).click()
    await (await opened).getByRole('link', { name: 'test 一下' }).waitFor()
  })

  test('[CO6] the link works once', async () => {
    await follow(`${app.url}/setup#${setupCode(app)}`)
    await heading(words.setup.used)
  })

  test('[WI12] no browser reported an error', async () => {
    expect(await testBrowser.closeProfiles()).toEqual([])
  })
})
