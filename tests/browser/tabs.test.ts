// One person in several tabs and several people in one view: all show the same without a reload.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { logIn, messageTexts, newLogin, visit } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import { chinese, english } from './screen-texts.ts'

describe.skipIf(findChromium() === undefined)('several tabs', () => {
  const fixture = useBrowserFixture()

  async function secondTab(page: Page, address = page.url()): Promise<Page> {
    const tab = await page.context().newPage()
    await tab.goto(address)
    return tab
  }

  test('[WI10] [CO8] two tabs of a customer and two of an agent show one conversation', async () => {
    const agent = await logIn(await fixture.testBrowser.newProfile(), fixture.app, await newLogin(fixture.app, 'Ann'))
    const profile = await fixture.testBrowser.newProfile()
    const customer = await visit(profile, `${fixture.app.url}/demo/`)
    const customerToo = await visit(profile, `${fixture.app.url}/demo/`)
    await customer.open()
    await customer.sees(english.here)
    await customerToo.open()
    await customer.write('from the first tab')
    await customerToo.sees('from the first tab')
    await customerToo.write('from the second tab')
    await customer.sees('from the second tab')

    await agent.getByRole('link', { name: 'from the second tab' }).click()
    const agentToo = await secondTab(agent)
    await agentToo.getByRole('button', { name: english.claim }).click()
    await agent.getByRole('textbox', { name: english.compose }).waitFor()
    for (const [tab, text] of [
      [agent, 'one'],
      [agentToo, 'two'],
    ] as const) {
      await tab.getByRole('textbox', { name: english.compose }).fill(text)
      await tab.keyboard.press('Enter')
      for (const each of [customer, customerToo]) await each.sees(text)
      for (const each of [agent, agentToo]) await each.getByRole('log').getByText(text, { exact: true }).waitFor()
    }
    const said = ['from the first tab', 'from the second tab', 'one', 'two']
    expect(await customer.words()).toEqual(said)
    expect(await customerToo.words()).toEqual(said)
    expect(await messageTexts(agent)).toEqual(said)
    expect(await messageTexts(agentToo)).toEqual(said)

    await agentToo.getByRole('button', { name: english.endConversation, exact: true }).click()
    await agent.getByText(english.consoleClosed).waitFor()
    for (const each of [customer, customerToo]) await each.sees(english.widgetClosed)
  })

  test("[CO8] an agent's new status appears in every tab and to colleagues", async () => {
    // Before the first conversation, the inbox shows an introduction instead of the team.
    await fixture.app.startConversation({ message: 'hello' })
    const cai = await logIn(await fixture.testBrowser.newProfile(), fixture.app, await newLogin(fixture.app, 'Cai'))
    const caiToo = await secondTab(cai)
    const bo = await logIn(
      await fixture.testBrowser.newProfile({ locale: 'zh-CN' }),
      fixture.app,
      await newLogin(fixture.app, 'Bo'),
    )
    const seen = (status: string) => bo.getByRole('listitem').filter({ hasText: 'Cai' }).getByText(status).waitFor()

    await cai.getByRole('button', { name: /^Cai/ }).click()
    await cai.getByRole('radio', { name: 'Busy' }).check()
    await seen('忙碌')
    await caiToo.getByRole('button', { name: 'Cai, Busy. Account and status' }).waitFor()
    await caiToo.close()
    await cai.getByRole('radio', { name: 'Offline' }).check()
    await seen('离线')
    await cai.getByRole('radio', { name: 'Online' }).check()
    await seen('在线')
  })

  test('[CO10] a colleague’s new name and load appear without a reload', async () => {
    const { conversationId, agent, agentAccount } = await fixture.app.startConversation({ message: 'hello' })
    const bo = await logIn(await fixture.testBrowser.newProfile(), fixture.app, await newLogin(fixture.app, 'Bo'))
    const seen = (text: RegExp) => bo.getByRole('listitem').filter({ hasText: text }).waitFor()
    await agentAccount.call('PATCH', '/me', { name: 'Mei' })
    await seen(/Mei.*0 conversations/)
    await agent.request('conversation:claim', { conversationId })
    await seen(/Mei.*1 conversation$/)
    await agent.request('conversation:close', { conversationId })
    await seen(/Mei.*0 conversations/)
  })

  test('[CO1] a conversation claimed by a colleague leaves the queue of all others', async () => {
    const waiting = await fixture.app.startConversation()
    const { conversationId, agent: colleague } = waiting
    await waiting.customer.request('message:send', { conversationId, clientMessageId: 'm1', content: 'who is first?' })
    const ann = await logIn(await fixture.testBrowser.newProfile(), fixture.app, await newLogin(fixture.app, 'Ann'))
    await ann.getByRole('link', { name: 'who is first?' }).waitFor()
    await colleague.request('conversation:claim', { conversationId })
    await ann.getByRole('link', { name: 'who is first?' }).waitFor({ state: 'detached' })
  })

  test.each([english, chinese])(
    '[WI14] each page uses the browser language $locale until another one is chosen',
    async (words) => {
      const other = words === english ? chinese : english
      const profile = await fixture.testBrowser.newProfile({ locale: words.locale })
      const customer = await visit(profile, `${fixture.app.url}/demo/`)
      await customer.open()
      await customer.frame.getByText(words.here).or(customer.frame.getByText(words.away)).waitFor()
      await customer.frame.getByRole('combobox').selectOption(other === chinese ? 'zh-CN' : 'en')
      await customer.frame.getByText(other.here).or(customer.frame.getByText(other.away)).waitFor()
      const login = await profile.newPage()
      await login.goto(`${fixture.app.url}/console/`)
      await login.getByRole('textbox', { name: other.username }).waitFor()
      await login.getByRole('combobox').selectOption(words === chinese ? 'zh-CN' : 'en')
      await login.getByRole('textbox', { name: words.username }).waitFor()
      expect(await login.evaluate(() => document.documentElement.lang)).toBe(words === chinese ? 'zh-CN' : 'en')
    },
  )
})
