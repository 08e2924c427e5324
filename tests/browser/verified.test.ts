// Identified customers and own logins in the console: verified values are marked, a secret is shown once, a login ends
// elsewhere.

import jwt from 'jsonwebtoken'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { logIn, newLogin } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import { connectClient } from '../support/client.ts'

describe.skipIf(findChromium() === undefined)('the console', () => {
  const fixture = useBrowserFixture()

  const main = (page: Page) => page.getByRole('main')
  const button = (page: Page, name: string) => page.getByRole('button', { name })

  test('[CO11] shows a site’s new secret once, can replace it, and marks verified customers', async () => {
    const page = await logIn(
      await fixture.testBrowser.newProfile(),
      fixture.app,
      await newLogin(fixture.app, 'Ann', 'admin'),
      '/console/sites',
    )
    const identified = page.getByRole('region', { name: 'Identified customers' })
    await button(page, 'Create secret for').click()
    const secret = await page.getByRole('textbox', { name: 'Secret', exact: true }).inputValue()
    expect(await page.getByRole('textbox', { name: 'Signing on the server' }).inputValue()).toContain(
      fixture.app.siteKey,
    )
    await button(page, 'I’ve saved it').click()
    await identified.getByText(/^Secret created on/).waitFor()
    expect(await page.content()).not.toContain(secret)
    await identified.getByRole('switch', { name: 'Only identified customers can write' }).click()
    await identified.getByRole('switch', { checked: true }).waitFor()

    const identity = (key: string) =>
      jwt.sign({ sub: 'C-1007', aud: fixture.app.siteKey, name: 'Ming' }, key, { expiresIn: 300 })
    const session = (body: object) => fixture.app.call('POST', '/widget/session', body)
    expect((await session({})).status).toBe(403)
    const ming = (await session({ identity: identity(secret), email: 'ming@inbox.example' })).body as WidgetSessionReply
    const client = await connectClient(fixture.app.url, ming.token)
    await client.request('conversation:start', { message: { clientMessageId: 'm', content: 'hello' } })
    await page.getByRole('link', { name: 'Inbox' }).click()
    await page.getByRole('link', { name: /Ming/ }).click()
    const details = page.getByRole('complementary', { name: 'Details' })
    await details.getByText('C-1007').waitFor()
    expect(await details.locator('dd').filter({ hasText: 'C-1007' }).textContent()).toBe('C-1007 Verified')
    expect(await details.locator('dd').filter({ hasText: '@' }).textContent()).toBe('ming@inbox.example Not verified')

    await page.getByRole('link', { name: 'Sites' }).click()
    await button(page, 'Create new secret for').click()
    await page.getByRole('dialog').getByRole('switch', { name: 'The current secret has leaked' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Create new secret' }).click()
    const next = await page.getByRole('textbox', { name: 'Secret', exact: true }).inputValue()
    expect(next).not.toBe(secret)
    expect((await session({ identity: identity(secret) })).status).toBe(401)
    expect((await session({ identity: identity(next) })).status).toBe(200)
    client.close()
  })

  test("[CO12] lists the user's logins and ends one in another browser", async () => {
    const login = await newLogin(fixture.app, 'Bea')
    const elsewhere = await logIn(await fixture.testBrowser.newProfile(), fixture.app, login)
    const page = await logIn(await fixture.testBrowser.newProfile(), fixture.app, login, '/console/profile')
    await main(page).getByText('This browser, active now').waitFor()
    expect(
      await main(page)
        .getByText(/^Chrome, Linux/)
        .count(),
    ).toBe(2)
    await button(page, 'Log out Chrome, Linux').click()
    await elsewhere.getByText('Your session has ended. Please log in again.').waitFor()
    await main(page)
      .getByText(/^Chrome, Linux/)
      .first()
      .waitFor()
    await page.waitForFunction(() => document.body.textContent?.split('Chrome, Linux').length === 2)
    await elsewhere.close()
  })
})
