// Pages that the browser translates: each text that changes is shown as it is now, never as it was.

import type { Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setupCode } from '../../server/setup/first-admin.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import {
  type CustomerPage,
  type Login,
  launchTestBrowser,
  logIn,
  newLogin,
  password,
  type TestBrowser,
  visit,
} from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { installNetwork } from '../support/network.ts'
import { runInSteps } from '../support/steps.ts'
import { type Translator, translatePages } from '../support/translator.ts'
import { english as words } from './screen-texts.ts'

const translators: readonly Translator[] = ['replaces', 'moves']

describe.skipIf(findChromium() === undefined).each(translators)('a browser that %s text nodes', (translator) => {
  let app: TestApp
  let testBrowser: TestBrowser
  let customer: CustomerPage
  let agent: Page
  let ann: Login

  async function translatedProfile() {
    const profile = await testBrowser.newProfile()
    await translatePages(profile, translator)
    return profile
  }

  /** Waits until the page shows this text and the other one is gone. */
  async function showsInsteadOf(on: Page | Frame, now: string | RegExp, before: string | RegExp) {
    await on.getByText(now, { exact: true }).last().waitFor()
    await on.getByText(before, { exact: true }).first().waitFor({ state: 'detached' })
  }

  const tab = (name: string) => agent.getByRole('link', { name, exact: true })
  const header = () => agent.locator('section > header')

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  runInSteps()

  test('[WI15] [F18] the setup shows each step instead of the one before', async () => {
    const page = await (await translatedProfile()).newPage()
    await page.goto(`${app.url}/setup#${setupCode(app)}`)
    await page.getByLabel(words.setup.password, { exact: true }).fill('password')
    await page.getByLabel(words.setup.siteName, { exact: true }).fill('Leaf')
    await page.getByLabel(words.setup.siteOrigin, { exact: true }).fill('tea.example')
    await page.getByRole('button', { name: words.setup.submit }).click()
    const tooEasy = page.getByText('This password is too easy to guess.', { exact: false })
    await tooEasy.waitFor()
    await page.getByLabel(words.setup.password, { exact: true }).fill(password)
    await page.getByRole('button', { name: words.setup.submit }).click()
    await page.getByRole('heading', { name: words.setup.done, exact: true }).waitFor()
    for (const before of [tooEasy, page.getByRole('button', { name: words.setup.submit })]) {
      expect(await before.count()).toBe(0)
    }
  })

  test('[WI15] [F18] the login page shows an error and then the console', async () => {
    const profile = await translatedProfile()
    ann = await newLogin(app, 'Ann', 'admin')
    const page = await profile.newPage()
    await page.goto(`${app.url}/console/`)
    await page.getByLabel(words.username, { exact: true }).fill(ann.username)
    await page.getByLabel('Password', { exact: true }).fill('wrong password')
    await page.keyboard.press('Enter')
    await page.getByText(words.wrongPassword).waitFor()
    await page.close()
    agent = await logIn(profile, app, ann)
    expect(await agent.getByText(words.wrongPassword).count()).toBe(0)
  })

  test('[WI15] [F18] a message is sending, then sent, and counts in the queue', async () => {
    const profile = await translatedProfile()
    const network = await installNetwork(profile)
    customer = await visit(profile, `${app.url}/demo/`)
    await customer.open()
    await showsInsteadOf(customer.frame, words.here, words.away)
    await tab(`${words.waiting} 0`).waitFor()
    network.cut()
    await customer.write('is it green?')
    await customer.sees('Sending')
    network.restore()
    await showsInsteadOf(customer.frame, words.sent, 'Sending')
    await customer.sees(words.received)
    await tab(`${words.waiting} 1`).waitFor()
  })

  test('[WI15] [F18] the header names the agent, and statuses, counts and names follow', async () => {
    await agent.getByRole('link', { name: 'is it green?' }).click()
    await header().getByText(words.waiting, { exact: true }).waitFor()
    await agent.getByRole('button', { name: words.claim }).click()
    await showsInsteadOf(customer.frame, words.withAnn, words.here)
    await showsInsteadOf(customer.frame, words.read, words.sent)
    await header().getByText('Ann', { exact: true }).waitFor()
    await header().getByText(words.waiting, { exact: true }).waitFor({ state: 'detached' })
    await tab(`${words.mine} 1`).waitFor()
    await tab(`${words.waiting} 0`).waitFor()
  })

  test('[WI15] [F18] typing appears, changes its preview and ends', async () => {
    const field = agent.getByRole('textbox', { name: words.compose })
    await field.pressSequentially('yes')
    await customer.sees(words.annTypes)
    await field.press('Enter')
    await showsInsteadOf(customer.frame, 'yes', words.annTypes)
    const log = agent.getByRole('log')
    await customer.composer.pressSequentially('and')
    await log.getByText(words.customerTypes).waitFor()
    await log.getByText('and', { exact: true }).waitFor()
    await customer.composer.pressSequentially(' black')
    await showsInsteadOf(agent, 'and black', 'and')
    await customer.composer.press('Enter')
    await log.getByText(words.customerTypes).waitFor({ state: 'detached' })
    await log.getByText(words.read, { exact: true }).waitFor()
  })

  test('[WI15] [F18] a changed name replaces the old one everywhere', async () => {
    await app.db.updateTable('users').set({ role: 'admin' }).where('id', '=', ann.id).execute()
    const renamed = await (await app.newSession(ann.id, 'agent')).call('PATCH', '/me', { name: 'Anna' })
    expect(renamed.status).toBe(200)
    await customer.frame.getByText('You’re talking to Anna', { exact: true }).waitFor()
    expect(await customer.frame.getByText(words.withAnn, { exact: true }).count()).toBe(0)
    await header().getByText('Anna', { exact: true }).waitFor()
    expect(await header().getByText('Ann', { exact: true }).count()).toBe(0)
  })

  test('[WI15] [F18] closing and reopening change both screens', async () => {
    await agent.getByRole('button', { name: words.endConversation, exact: true }).click()
    await agent.getByText(words.consoleClosed).waitFor()
    await header().getByText(words.closed, { exact: true }).waitFor()
    await customer.sees(words.widgetClosed)
    await tab(`${words.closed} 1`).waitFor()
    await customer.write('once more')
    await customer.frame.getByText(words.widgetClosed).waitFor({ state: 'detached' })
    await agent.getByText(words.consoleClosed).waitFor({ state: 'detached' })
    await tab(`${words.closed} 0`).waitFor()
  })

  test('[WI15] [F18] another language replaces every text', async () => {
    await customer.frame.getByRole('combobox').selectOption('zh-CN')
    await customer.frame
      .getByText('已发送', { exact: true })
      .or(customer.frame.getByText('已读', { exact: true }))
      .last()
      .waitFor()
    const shown = await customer.frame.locator('body').innerText()
    for (const text of [words.sent, words.read, 'You’re talking']) expect(shown).not.toContain(text)
    expect(await customer.words()).toEqual(['is it green?', 'yes', 'and black', 'once more'])
  })

  test('[WI12] [F18] no page reported an error', async () => {
    const complaints = await testBrowser.closeProfiles()
    expect(complaints.filter((complaint) => !complaint.startsWith('Failed to load resource'))).toEqual([])
  })
})
