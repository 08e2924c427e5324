// Every screen in each of its states, checked by axe: light in English, dark in Chinese. One page visits all of them.
// gallery.test.ts checks each component in both themes of both languages.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setupCode } from '../../server/setup/first-admin.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { findViolations } from '../support/axe.ts'
import { type CustomerPage, customerAt, launchTestBrowser, password, type TestBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { chinese, english } from './screen-texts.ts'

describe.skipIf(findChromium() === undefined).each([english, chinese])('accessibility in $locale', (words) => {
  let app: TestApp
  let testBrowser: TestBrowser
  let page: Page
  let shop: Page
  let customer: CustomerPage

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
  const link = (name: string | RegExp) => page.getByRole('link', { name })
  const textbox = (name: string | RegExp) => page.getByRole('textbox', { name, exact: true })
  const heading = (level = 1) => page.getByRole('heading', { level }).first()
  const log = () => page.getByRole('log')

  async function follow(path: string): Promise<void> {
    await page.goto('about:blank')
    await page.goto(app.url + path)
  }

  async function openPage(path: string): Promise<void> {
    await link(words.pages[path as keyof typeof words.pages])
      .first()
      .click()
    await page.waitForURL(`**/console/${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
  }

  async function violations(where: Page, path?: string): Promise<string[]> {
    await where.emulateMedia({ colorScheme: words === english ? 'light' : 'dark', reducedMotion: 'reduce' })
    return findViolations(where, path)
  }

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    const { locale } = words
    page = await (await testBrowser.newProfile({ locale, viewport: { width: 1440, height: 900 } })).newPage()
    shop = await (await testBrowser.newProfile({ locale })).newPage()
    customer = customerAt(shop)
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  test.each<[string, () => Promise<unknown>]>([
    [
      'setup without a code',
      async () => {
        await page.goto(`${app.url}/setup`)
        await heading().waitFor()
      },
    ],
    [
      'the setup form',
      async () => {
        await follow(`/setup#${setupCode(app)}`)
        await textbox(words.setup.siteName).fill('Mist & Leaf')
      },
    ],
    [
      'the setup form with an invalid address',
      async () => {
        await textbox(words.setup.password).fill(password)
        await textbox(words.setup.siteOrigin).fill('not an address')
        await button(words.setup.submit).click()
        await page.locator('[aria-invalid]').waitFor()
      },
    ],
    [
      'setup done',
      async () => {
        await textbox(words.setup.siteOrigin).fill('')
        await button(words.setup.submit).click()
        await button(words.setup.openChat).waitFor()
      },
    ],
    [
      'setup used',
      async () => {
        await follow('/setup#used')
        await page.getByRole('heading', { name: words.setup.used }).waitFor()
        await page.context().clearCookies()
      },
    ],
    [
      'login',
      async () => {
        await page.goto(`${app.url}/console/`)
        await textbox(words.username).fill('admin')
      },
    ],
    [
      'login refused',
      async () => {
        await textbox(words.setup.password).fill('wrong')
        await page.keyboard.press('Enter')
        await page.getByText(words.wrongPassword).waitFor()
      },
    ],
    [
      'the empty inbox',
      async () => {
        await textbox(words.setup.password).fill(password)
        await page.keyboard.press('Enter')
        await textbox(words.setup.snippet).waitFor()
      },
    ],
    [
      'somebody waiting',
      async () => {
        await shop.goto(`${app.url}/demo/`)
        await customer.open()
        await customer.write('hello https://shop.example')
        await link('hello').waitFor()
      },
    ],
    [
      'a conversation to claim',
      async () => {
        await link('hello').click()
        await button(words.claim).waitFor()
      },
    ],
    [
      'a conversation in progress',
      async () => {
        await button(words.claim).click()
        await textbox(words.compose).fill('good day')
        await page.keyboard.press('Enter')
        await customer.composer.fill('I wonder')
        await log().getByText('I wonder').waitFor()
      },
    ],
    [
      'the transfer dialog',
      async () => {
        await button(words.transfer).click()
        await page.getByRole('dialog').waitFor()
      },
    ],
    [
      'the blocking dialog',
      async () => {
        await page.keyboard.press('Escape')
        await button(words.blockCustomer).click()
        await page.getByRole('dialog').waitFor()
      },
    ],
    [
      'a blocked customer',
      async () => {
        await page.getByRole('dialog').getByRole('button', { name: words.blockCustomer }).click()
        await button(words.unblockCustomer).waitFor()
      },
    ],
    [
      'a narrow window',
      async () => {
        await page.setViewportSize({ width: 390, height: 844 })
        await textbox(words.compose).waitFor()
      },
    ],
    [
      'closed conversations',
      async () => {
        await page.setViewportSize({ width: 1440, height: 900 })
        await button(words.endConversation).click()
        await link(words.closed).click()
        await link('good day').click()
        await page.getByText(words.consoleClosed).waitFor()
      },
    ],
    [
      'the account menu',
      async () => {
        await button(/^admin/).click()
        await page.getByRole('radio').first().waitFor()
      },
    ],
    ['the profile', () => openPage('profile')],
    ['the agents', () => openPage('agents')],
    [
      'a new agent',
      async () => {
        await page.getByRole('main').getByRole('button').first().click()
        await page.getByRole('dialog').waitFor()
      },
    ],
    [
      'the sites',
      async () => {
        await page.keyboard.press('Escape')
        await openPage('sites')
      },
    ],
    [
      'a new site',
      async () => {
        await page.getByRole('main').getByRole('button').first().click()
        await page.getByRole('dialog').waitFor()
      },
    ],
    [
      'the secret of a site',
      async () => {
        await page.keyboard.press('Escape')
        await page.getByRole('main').getByRole('region').getByRole('button').click()
        await page.getByRole('dialog').waitFor()
      },
    ],
    [
      'a new secret of a site',
      async () => {
        await page.keyboard.press('Escape')
        await page.getByRole('main').getByRole('region').getByRole('button').click()
        await page.getByRole('dialog').waitFor()
      },
    ],
    [
      'a page that does not exist',
      async () => {
        await page.goto(`${app.url}/console/nowhere`)
        await heading().waitFor()
      },
    ],
    [
      'the console without a network',
      async () => {
        await page.goto(`${app.url}/console/`)
        await link(words.waiting).waitFor()
        await page.context().setOffline(true)
        await page.getByText(words.consoleOffline).waitFor()
      },
    ],
  ])('[WI13] %s has no violation', async (_state, arrange) => {
    await arrange()
    expect(await violations(page)).toEqual([])
  })

  test.each<[string, () => Promise<unknown>]>([
    [
      'of a blocked customer with an unsent message',
      async () => {
        await page.context().setOffline(false)
        await customer.write('refused')
        await customer.sees(words.refused)
      },
    ],
    [
      'for a new customer, and open,',
      async () => {
        await shop.context().clearCookies()
        await shop.evaluate(() => localStorage.clear())
        await customer.reload()
        await customer.sees(words.here)
      },
    ],
    [
      'without an agent online',
      async () => {
        // The console was offline before, so controls with an unknown value are not selected yet.
        await page.getByText(words.consoleOffline).waitFor({ state: 'hidden' })
        await button(/^admin/).click()
        await page.getByRole('radio').last().check()
        await customer.frame.getByLabel(words.email).waitFor()
      },
    ],
    [
      'closed, on the demo shop’s page,',
      async () => {
        await customer.pressLauncher()
        await customer.seesPanel(false)
      },
    ],
  ])('[WI13] the widget %s has no violation', async (state, arrange) => {
    await arrange()
    expect(await violations(shop, state.startsWith('closed') ? '/' : '/widget/')).toEqual([])
  })

  test('[WI12] no browser reported an error', async () => {
    // Browsers log the 401 of a wrong password.
    expect((await testBrowser.closeProfiles()).filter((line) => !line.includes('/auth/login'))).toEqual([])
  })
})
