// Both roles without a mouse: Tab reaches every control, focus is always visible and never falls back to the start of
// the page.

import type { Frame, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { composerName, customerAt, logIn, newLogin, password } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import { chinese, english } from './screen-texts.ts'

describe.skipIf(findChromium() === undefined)('by keyboard alone', () => {
  const fixture = useBrowserFixture()

  test('[WI9] a customer reaches the launcher, opens, writes, closes and is back on the launcher', async () => {
    // Without an agent online, the form would ask for an email address first.
    await (await (await fixture.app.newAgent()).connect()).request('agent:list', {})
    const page = await (await fixture.testBrowser.newProfile()).newPage()
    const customer = customerAt(page)
    const { keyboard } = page
    await page.goto(`${fixture.app.url}/demo/`)
    await customer.seesLauncher(true)
    const corner = { x: 1280 - 100, y: 720 - 100, width: 100, height: 100 }
    const unfocused = await page.screenshot({ clip: corner })
    await tabTo(page, 'kefu-widget')
    expect(unfocused.equals(await page.screenshot({ clip: corner }))).toBe(false)

    await keyboard.press('Enter')
    await customer.seesPanel(true)
    await expect.poll(() => focusIn(customer.frame)).toMatchObject({ name: expect.stringMatching(composerName) })
    await keyboard.type('without a mouse')
    await keyboard.press('Enter')
    await customer.sees(english.sent)
    expect(await focusIn(customer.frame)).toMatchObject({ isSeen: true, name: expect.stringMatching(composerName) })
    for (const name of ['Attach files', 'Messages', 'Close', 'Language']) {
      await keyboard.press('Shift+Tab')
      expect(await focusIn(customer.frame)).toEqual({ name, isSeen: true })
    }
    await keyboard.press('Escape')
    await customer.seesPanel(false)
    await page.waitForFunction(() => document.activeElement?.localName === 'kefu-widget')
    await keyboard.press('Enter')
    await customer.seesPanel(true)
  })

  test.each([english, chinese])(
    '[WI9] an agent logs in, finds the conversation, claims, answers and closes it ($locale)',
    async (words) => {
      const { conversationId, customer } = await fixture.app.startConversation()
      await customer.request('message:send', {
        conversationId,
        clientMessageId: 'm1',
        content: `hello ${words.locale}`,
      })
      const login = await newLogin(fixture.app, 'Ann')
      const page = await (await fixture.testBrowser.newProfile({ locale: words.locale })).newPage()
      const { keyboard } = page
      await page.goto(`${fixture.app.url}/console/`)
      await page.getByRole('textbox').first().waitFor()
      await tabTo(page, /^(Username|用户名)$/)
      await keyboard.type(login.username)
      await tabTo(page, /^(Password|密码)$/)
      await keyboard.type(password)
      await keyboard.press('Enter')
      await page.getByRole('link', { name: `hello ${words.locale}` }).waitFor()
      expect((await focusIn(page)).name).toBe('main')

      await tabTo(page, RegExp(`hello ${words.locale}`))
      await keyboard.press('Enter')
      await page.getByRole('button', { name: words.claim }).waitFor()
      await tabTo(page, words.claim)
      await keyboard.press('Enter')
      await page.getByRole('textbox', { name: words.compose }).waitFor()
      await expect.poll(() => focusIn(page)).toEqual({ name: expect.stringMatching(words.compose), isSeen: true })
      await keyboard.type('hello to you')
      await keyboard.press('Enter')
      await customer.next('message:created', ({ content }) => content === 'hello to you')

      await tabTo(page, words.endConversation, 'Shift+Tab')
      await keyboard.press('Enter')
      await page.getByText(words.consoleClosed).waitFor()
      await expect.poll(async () => (await focusIn(page)).name).not.toBe('body')
    },
  )

  test('[WI9] a dialog traps focus and returns it, even when its opener is gone', async () => {
    const { conversationId } = await fixture.app.startConversation()
    const path = `/console/conversations/${conversationId}`
    const page = await logIn(
      await fixture.testBrowser.newProfile(),
      fixture.app,
      await newLogin(fixture.app, 'Ann'),
      path,
    )
    const { keyboard } = page
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: english.claim }).click()
    await page.getByRole('button', { name: english.transfer }).waitFor()
    await tabTo(page, english.transfer)
    await keyboard.press('Enter')
    await dialog.waitFor()
    for (let presses = 0; presses < 6; presses++) {
      await keyboard.press('Tab')
      // Tab passes through the browser's own controls between the end and the start.
      const isInside = () =>
        dialog.evaluate((it) => it.contains(document.activeElement) || document.activeElement === document.body)
      expect(await isInside()).toBe(true)
    }
    await keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focusIn(page)).toEqual({ name: english.transfer, isSeen: true })

    await keyboard.press('Enter')
    await dialog.waitFor()
    await keyboard.press('ArrowUp')
    await keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: english.claim }).waitFor()
    await expect.poll(async () => (await focusIn(page)).name).not.toBe('body')
  })
})

interface Focus {
  /** The accessible name, else the tag; 'body' means nothing has focus. */
  name: string
  /** A focus ring is drawn around it or around its box. */
  isSeen: boolean
}

async function focusIn(surface: Page | Frame): Promise<Focus> {
  return surface.evaluate(() => {
    const element = document.activeElement as HTMLElement
    const hasRing = (one: Element | null): boolean =>
      one !== null && getComputedStyle(one).outlineStyle !== 'none' && getComputedStyle(one).outlineWidth !== '0px'
    const label =
      element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels?.[0]?.innerText : ''
    return {
      name:
        element.ariaLabel ||
        label?.split('\n')[0]?.trim() ||
        (element.matches('a, button') && element.innerText.trim()) ||
        element.localName,
      isSeen: hasRing(element) || hasRing(element.parentElement),
    }
  })
}

/** Presses Tab until that control has focus. Every stop on the way must be visible. */
async function tabTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = []
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press(key)
    const focus = await focusIn(page)
    passed.push(focus.name)
    // The launcher's ring is in its closed shadow root; the body comes between the end and the start of the page.
    if (!['kefu-widget', 'body'].includes(focus.name))
      expect(focus.isSeen, `${passed.join(' > ')} can be seen`).toBe(true)
    if (typeof name === 'string' ? focus.name === name : name.test(focus.name)) return
  }
  throw new Error(`Tab does not reach ${name}: ${passed.join(' > ')}`)
}
