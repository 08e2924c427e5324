// The main job from first to last word: a customer and an agent in two browsers, in both languages.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import {
  type CustomerPage,
  launchTestBrowser,
  logIn,
  messageTexts,
  moveToBackground,
  newLogin,
  type TestBrowser,
  visit,
} from '../support/browser.ts'
import { findWholeChromium } from '../support/chromium.ts'
import { runInSteps } from '../support/steps.ts'
import { chinese, english } from './screen-texts.ts'

const question = '您好,我想咨询产品问题'

describe.skipIf(findWholeChromium() === undefined).each([english, chinese])('the main job in $locale', (words) => {
  let app: TestApp
  let testBrowser: TestBrowser
  let customer: CustomerPage
  let agent: Page
  let backToConsole: () => Promise<void>

  const view = (name: string) => agent.getByRole('link', { name })
  const inThread = (text: string | RegExp) => agent.getByRole('log').getByText(text, { exact: true }).last().waitFor()
  const reply = () => agent.getByRole('textbox', { name: words.compose })

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser(findWholeChromium())
    const { locale } = words
    agent = await logIn(await testBrowser.newProfile({ locale }), app, await newLogin(app, 'Ann', 'admin'))
    customer = await visit(await testBrowser.newProfile({ locale }), `${app.url}/demo/`)
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  runInSteps()

  test('[WI1] the customer opens the widget, writes, and sees the message sent', async () => {
    await customer.open()
    await customer.sees(words.here)
    backToConsole = await moveToBackground(agent)
    await customer.write(question)
    await customer.sees(words.sent)
    await customer.sees(words.received)
  })

  test('[CO1] the agent sees it in the page title and finds it in the queue', async () => {
    await agent.waitForFunction(() => document.title.startsWith('(1) '))
    await backToConsole()
    await view(`${words.waiting} 1`).waitFor()
    await agent.getByRole('link', { name: question }).click()
    await inThread(question)
  })

  test('[CO2] viewing it does not mark it read; claiming it does', async () => {
    expect(await customer.frame.getByText(words.read, { exact: true }).count()).toBe(0)
    await agent.getByRole('button', { name: words.claim }).click()
    await customer.sees(words.withAnn)
    await customer.sees(words.read)
    await view(`${words.mine} 1`).waitFor()
    await agent.waitForFunction(() => !document.title.startsWith('('))
  })

  test('[WI2] each sees the other typing, and the agent sees a preview', async () => {
    await reply().pressSequentially('当然')
    await customer.sees(words.annTypes)
    await reply().press('Enter')
    await customer.sees('当然')
    await customer.frame.getByText(words.annTypes).waitFor({ state: 'detached' })
    await customer.composer.pressSequentially('绿茶')
    await inThread(words.customerTypes)
    await inThread('绿茶')
    await customer.composer.press('Enter')
    await agent.getByText(words.customerTypes).waitFor({ state: 'detached' })
  })

  test('[WI1] [CO2] both see read receipts: sent while nobody looks, read once somebody does', async () => {
    await inThread(words.read)
    await customer.sees(words.read)
    const back = await moveToBackground(agent)
    await customer.write('还是红茶')
    await customer.sees(words.sent)
    await agent.waitForFunction(() => document.title.startsWith('(1) '))
    await back()
    await customer.frame.getByText(words.sent, { exact: true }).waitFor({ state: 'detached' })
  })

  test('[WI3] [CO3] after a reload on either side the whole history appears in order', async () => {
    const said = [question, '当然', '绿茶', '还是红茶']
    expect(await customer.words()).toEqual(said)
    expect(await messageTexts(agent)).toEqual(said)
    await customer.reload()
    await customer.sees('还是红茶')
    await agent.reload()
    await inThread('还是红茶')
    expect(await customer.words()).toEqual(said)
    expect(await messageTexts(agent)).toEqual(said)
    await customer.sees(words.withAnn)
  })

  test('[CO4] the agent closes it, and both sides show that', async () => {
    await agent.getByRole('button', { name: words.endConversation, exact: true }).click()
    await agent.getByText(words.consoleClosed).waitFor()
    await customer.sees(words.widgetClosed)
    await view(`${words.closed} 1`).waitFor()
  })

  test('[WI1] [CO4] the customer writes again and gets the same agent', async () => {
    await customer.write('还有一个问题')
    await inThread('还有一个问题')
    await reply().waitFor()
    await customer.sees(words.withAnn)
  })

  test('[WI12] no browser reported an error', async () => {
    expect(await testBrowser.closeProfiles()).toEqual([])
  })
})
