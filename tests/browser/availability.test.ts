// No agent online, or a blocked customer: the widget says so plainly, and no message is lost.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Login, launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { chinese, english } from './screen-texts.ts'

describe.skipIf(findChromium() === undefined)('availability', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let ann: Login
  let customers = 0

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    ann = await newLogin(app, 'Ann')
  })
  afterEach(async () => {
    expect(await testBrowser.closeProfiles(), '[WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  test('[WI5] changes in the open widget when agents come and go', async () => {
    const agent = await (await app.newAgent({ name: 'Bo' })).connect()
    // The reply comes only after the connection is counted.
    await agent.request('agent:list', {})
    const customer = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await customer.open()
    await customer.sees(english.here)
    await agent.request('agent:set-status', { status: 'offline' })
    await customer.sees(english.away)
    await agent.request('agent:set-status', { status: 'busy' })
    await customer.sees(english.here)
    expect(await customer.frame.getByLabel(english.email).count()).toBe(0)
    await agent.request('agent:set-status', { status: 'offline' })
  })

  test.each([english, chinese])(
    '[WI4] without an agent the widget asks for an email address, which the agent sees later ($locale)',
    async (words) => {
      const { locale } = words
      const agent = await logIn(await testBrowser.newProfile({ locale }), app, ann)
      await agent.getByRole('button', { name: 'Ann' }).click()
      await agent.getByRole('radio').last().check()
      const customer = await visit(await testBrowser.newProfile({ locale }), `${app.url}/demo/`)
      await customer.open()
      await customer.sees(words.away)
      await customer.frame.getByLabel(words.email).fill('li@shop.example')
      await customer.frame.getByRole('button', { name: words.save }).click()
      await customer.sees(words.saved)
      // A text of its own, so that a retry does not find an earlier attempt's.
      const question = `anybody there? ${++customers}`
      await customer.write(question)
      await agent.keyboard.press('Escape')
      await agent.getByRole('link', { name: question }).click()
      await agent.getByRole('link', { name: 'li@shop.example' }).waitFor()
      await agent.getByRole('button', { name: 'Ann' }).click()
      await agent.getByRole('radio').first().check()
      await customer.sees(words.here)
    },
  )

  test.each([english, chinese])(
    '[WI7] [CO7] a blocked customer sees it, keeps the unsent message and sends it once unblocked ($locale)',
    async (words) => {
      const { locale } = words
      const agent = await logIn(await testBrowser.newProfile({ locale }), app, ann)
      const customer = await visit(await testBrowser.newProfile({ locale }), `${app.url}/demo/`)
      await customer.open()
      const first = `first of ${++customers}`
      await customer.write(first)
      await agent.getByRole('link', { name: first }).click()
      await agent.getByRole('button', { name: words.blockCustomer }).click()
      await agent.getByRole('dialog').getByRole('button', { name: words.blockCustomer }).click()
      await agent.getByRole('button', { name: words.unblockCustomer }).waitFor()
      await customer.write('second')
      await customer.sees(words.refused)
      await customer.reload()
      await customer.sees(first)
      await customer.sees(words.refused)
      expect(await customer.words()).toEqual([first, 'second'])
      await agent.getByRole('button', { name: words.unblockCustomer }).click()
      // Exact, because the back link contains this name too.
      await agent.getByRole('button', { name: words.blockCustomer, exact: true }).waitFor()
      await customer.frame.getByRole('button', { name: words.retry }).click()
      await agent.getByRole('log').getByText('second', { exact: true }).waitFor()
      await customer.frame.getByText(words.refused).waitFor({ state: 'detached' })
    },
  )
})
