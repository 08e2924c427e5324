// An agent's unsent messages: sent from any tab and page, only as that agent. Lost events are recovered.

import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { type CustomerPage, type Login, logIn, messageTexts, newLogin } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import { installNetwork, sentMessages } from '../support/network.ts'
import { openTabs, storedAfter } from './offline-tabs.ts'
import { english } from './screen-texts.ts'

/** Heads are broadcast every ten seconds, plus time to ask and be answered. */
const healedMs = serverLimits.headsMs + 2_000

describe.skipIf(findChromium() === undefined)('messages of an agent without a network', () => {
  const fixture = useBrowserFixture()

  /** An agent who has claimed a conversation that started with `first`. */
  async function agentWith(context: BrowserContext, login: Login, first: string) {
    const page = await logIn(context, fixture.app, login)
    const theirs = await fixture.testBrowser.newProfile()
    const customerNetwork = await installNetwork(theirs)
    const [customer] = (await openTabs(fixture.app, theirs, 1, first)) as [CustomerPage]
    await page.getByRole('link', { name: first }).click()
    await page.getByRole('button', { name: english.claim }).click()
    await reply(page).waitFor()
    return { page, customer, customerNetwork }
  }
  const reply = (page: Page) => page.getByRole('textbox', { name: english.compose })
  async function answer(page: Page, text: string): Promise<void> {
    await reply(page).fill(text)
    await reply(page).press('Enter')
  }

  test('[OB1] [OB4] go out from any tab and page, once and in order', async () => {
    const context = await fixture.testBrowser.newProfile()
    const network = await installNetwork(context)
    const { page } = await agentWith(context, await newLogin(fixture.app, 'Ann'), 'question')
    const other = await context.newPage()
    await other.goto(page.url())
    await reply(other).waitFor()
    network.cut()
    await page.getByText(english.consoleOffline).waitFor()
    for (const text of ['a1', 'a2', 'a3']) await answer(page, text)
    await other.getByRole('log').getByText('a3').waitFor()
    // No page has the conversation open any more.
    for (const tab of [page, other]) {
      await tab.getByRole('link', { name: english.waiting }).click()
      await tab.getByRole('log').waitFor({ state: 'detached' })
    }
    network.restore()
    await expect.poll(() => storedAfter(fixture.app, 'question')).toEqual(['question', 'a1', 'a2', 'a3'])
    expect(sentMessages(network)).toHaveLength(3)
  })

  test('[OB6] wait for their agent, whoever else logs in', async () => {
    const context = await fixture.testBrowser.newProfile()
    const network = await installNetwork(context)
    const ann = await newLogin(fixture.app, 'Ann')
    const { page } = await agentWith(context, ann, 'for Ann')
    const address = new URL(page.url()).pathname
    network.cut()
    await page.getByText(english.consoleOffline).waitFor()
    await answer(page, 'from Ann')
    await page.getByRole('log').getByText('from Ann').waitFor()
    await page.getByRole('button', { name: /Account and status/ }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Username').waitFor()
    network.restore()
    await page.close()

    const bob = await logIn(context, fixture.app, await newLogin(fixture.app, 'Bob', 'admin'), address)
    await bob.getByRole('log').getByText('for Ann').waitFor()
    await answer(bob, 'from Bob')
    await expect.poll(() => storedAfter(fixture.app, 'for Ann')).toEqual(['for Ann', 'from Bob'])
    expect(await messageTexts(bob)).toEqual(['for Ann', 'from Bob'])
    await bob.getByRole('button', { name: /Account and status/ }).click()
    await bob.getByRole('button', { name: 'Log out' }).click()
    await bob.getByLabel('Username').waitFor()
    await bob.close()

    const again = await logIn(context, fixture.app, ann, address)
    await again.getByRole('log').getByText('from Ann').waitFor()
    await expect.poll(() => storedAfter(fixture.app, 'for Ann')).toEqual(['for Ann', 'from Bob', 'from Ann'])
  })

  test('[OB9] lost events are recovered by heads alone, on both sides: messages, list and receipts', async () => {
    const context = await fixture.testBrowser.newProfile()
    const network = await installNetwork(context)
    const { page, customer, customerNetwork } = await agentWith(
      context,
      await newLogin(fixture.app, 'Ann'),
      'is it there?',
    )
    await customer.sees(english.read)
    for (const each of [network, customerNetwork]) {
      each.drop('toBrowser', '"message:created"', '"receipt:updated"', '"conversation:updated"')
    }
    await customer.write('lost to the agent')
    await answer(page, 'lost to the customer')
    await page.getByRole('log').getByText('lost to the agent').waitFor({ timeout: healedMs })
    await customer.frame.getByText('lost to the customer').waitFor({ timeout: healedMs })
    expect(await customer.words()).toEqual(await messageTexts(page))
    await page.getByRole('link', { name: 'lost to the customer' }).waitFor()
    await customer.frame.getByText(english.read, { exact: true }).waitFor({ timeout: healedMs })
    await page.getByRole('log').getByText(english.read, { exact: true }).waitFor({ timeout: healedMs })
  })
})
