// Messages sent while the network is down, in all tabs: kept, shown, sent once and in order by one tab, and only by
// their author.

import { describe, expect, test } from 'vitest'
import type { CustomerPage } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import { installNetwork, sentMessages } from '../support/network.ts'
import { openTabs, seesAllSent, sending, storedAfter } from './offline-tabs.ts'
import { english } from './screen-texts.ts'

describe.skipIf(findChromium() === undefined)('without a network', () => {
  const fixture = useBrowserFixture()

  test('[OB1] [OB3] [OB7] three messages survive a reload of three tabs: three rows, in order, shown once per tab', async () => {
    const context = await fixture.testBrowser.newProfile()
    const network = await installNetwork(context)
    const tabs = await openTabs(fixture.app, context, 3, 'before')
    const [first, ...others] = tabs as [CustomerPage, ...CustomerPage[]]
    network.cut()
    for (const tab of tabs) await tab.sees(english.widgetOffline)
    network.sent.length = 0
    for (const text of ['one', 'two', 'three']) await first.write(text)
    for (const tab of others) {
      await tab.sees('three')
      expect(await tab.words()).toEqual(['before', 'one', 'two', 'three'])
    }

    for (const tab of tabs) {
      await tab.reload()
      await tab.sees('three')
      await tab.sees(sending)
      expect(await tab.words()).toEqual(['one', 'two', 'three'])
    }
    expect(await storedAfter(fixture.app, 'before')).toEqual(['before'])

    network.restore()
    for (const tab of tabs) {
      await tab.sees('before')
      await seesAllSent(tab)
      expect(await tab.words()).toEqual(['before', 'one', 'two', 'three'])
    }
    expect(await storedAfter(fixture.app, 'before')).toEqual(['before', 'one', 'two', 'three'])
    expect(sentMessages(network)).toHaveLength(3)
  })

  test('[OB2] a stored but unacknowledged message is sent again under its id and stays one row', async () => {
    const context = await fixture.testBrowser.newProfile()
    const network = await installNetwork(context)
    const [tab] = (await openTabs(fixture.app, context, 1, 'good day')) as [CustomerPage]
    // Both the reply to the send and its event.
    network.drop('toBrowser', 'just once')
    await tab.write('just once')
    await expect.poll(() => storedAfter(fixture.app, 'good day')).toEqual(['good day', 'just once'])
    await tab.sees(sending)
    network.cut()
    await tab.sees(english.widgetOffline)
    network.dropNothing()
    network.restore()
    await seesAllSent(tab)
    expect(await tab.words()).toEqual(['good day', 'just once'])
    expect(await storedAfter(fixture.app, 'good day')).toEqual(['good day', 'just once'])
  })

  test('[OB6] after shutdown no tab sends or shows messages of the previous customer', async () => {
    const context = await fixture.testBrowser.newProfile()
    const network = await installNetwork(context)
    const [first, second] = (await openTabs(fixture.app, context, 2, 'who I was')) as [CustomerPage, CustomerPage]
    network.cut()
    await first.sees(english.widgetOffline)
    await first.write('my secret')
    await first.composer.fill('my thoughts')
    await second.sees('my secret')
    await first.page.evaluate(() => (window as unknown as { Kefu(call: string): void }).Kefu('shutdown'))
    await first.seesLauncher(false)
    await second.frame.getByText('my secret').waitFor({ state: 'detached' })
    network.restore()
    await second.composer.waitFor()
    expect(await second.composer.inputValue()).toBe('')
    await second.write('somebody new')
    await second.sees(english.sent)
    expect(await second.words()).toEqual(['somebody new'])
    expect(await storedAfter(fixture.app, 'who I was')).toEqual(['who I was', 'somebody new'])
  })

  test('[OB8] a draft survives a reload and appears in the other tab, unless somebody types there', async () => {
    const context = await fixture.testBrowser.newProfile()
    const [first, second] = (await openTabs(fixture.app, context, 2, 'draft here')) as [CustomerPage, CustomerPage]
    await first.composer.pressSequentially('half a sent')
    await expect.poll(() => second.composer.inputValue()).toBe('half a sent')
    await second.reload()
    expect(await second.composer.inputValue()).toBe('half a sent')
    await second.composer.fill('mine')
    await first.composer.press('!')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await second.composer.inputValue()).toBe('mine')
    await second.composer.press('Enter')
    await expect.poll(() => first.composer.inputValue()).not.toBe('mine')
    await first.sees('mine')
  })
})
