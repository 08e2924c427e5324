// A shop's page identifies its customer: one person in every browser, and the next person at the same screen sees
// nothing of the previous one.

import jwt from 'jsonwebtoken'
import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Site } from '#protocol/entities.ts'
import type { IdentitySecretReply, WidgetSessionReply } from '#protocol/http.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { type CustomerPage, launchTestBrowser, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { english } from './screen-texts.ts'
import { kefu, openStrictPage, type PageWindow, pageStorage, type StrictPage, waitForEvent } from './strict-page.ts'

describe.skipIf(findChromium() === undefined)('a shop’s page that identifies its customer', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let shop: StrictPage
  let admin: TestAccount
  let site: Site
  let secret: string
  let people = 0

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    shop = await openStrictPage(app)
    await app.db.updateTable('sites').set({ origins: shop.origin }).where('site_key', '=', app.siteKey).execute()
    admin = await app.newAgent({ role: 'admin' })
    const { sites } = (await admin.call('GET', '/sites')).body as { sites: Site[] }
    site = sites[0] as Site
    secret = ((await admin.call('POST', `/sites/${site.id}/identity-secret`, {})).body as IdentitySecretReply).secret
  })
  afterEach(async () => {
    expect(await testBrowser.closeProfiles(), '[WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await testBrowser.close()
    await shop.close()
    await app.stop()
  })

  const newSub = () => `shop-${++people}`
  const identityOf = (sub: string, claims: object = {}) =>
    jwt.sign({ sub, aud: app.siteKey, ...claims }, secret, { expiresIn: 300 })
  const resumeTokenOf = ({ frame }: CustomerPage) =>
    frame.evaluate(() => Object.entries(localStorage).find(([key]) => key.endsWith(':resume'))?.[1])

  /** The page fetches the identity on demand, as from its own server. */
  const identifyLater = ({ page }: CustomerPage, identity: string) =>
    page.evaluate((signed) => {
      const { Kefu } = window as unknown as PageWindow
      Kefu('identify', { identity: () => new Promise((resolve) => setTimeout(resolve, 50, signed)) })
    }, identity)

  async function visitAs(context: BrowserContext, sub: string): Promise<CustomerPage> {
    const customer = await visit(context, `${shop.origin}/`)
    await customer.seesLauncher(true)
    await identifyLater(customer, identityOf(sub))
    await customer.open()
    return customer
  }

  test('[PA9] brings a customer back to the same conversation after a reload and in another browser', async () => {
    const sub = newSub()
    const agent = await (await app.newAgent()).connect()
    const customer = await visitAs(await testBrowser.newProfile(), sub)
    await customer.write('from my desk')
    const { conversation } = await agent.next('conversation:created')
    expect(conversation.customer).toMatchObject({ externalId: sub, isNameVerified: false })
    await customer.reload()
    await customer.sees('from my desk')
    const elsewhere = await visitAs(await testBrowser.newProfile(), sub)
    await elsewhere.sees('from my desk')
    await kefu(elsewhere.page, 'identify', { identity: identityOf(sub, { name: 'Ming' }) })
    const update = await agent.next('conversation:updated', ({ change }) => change === 'customer')
    expect(update.conversation.customer).toMatchObject({
      id: conversation.customer.id,
      name: 'Ming',
      isNameVerified: true,
    })
    await elsewhere.write('and from my phone')
    await customer.sees('and from my phone')
  })

  test('[PA9] [ID4] keeps what an anonymous customer wrote before signing in', async () => {
    const customer = await visit(await testBrowser.newProfile(), `${shop.origin}/stub`)
    await customer.ready()
    await customer.write('not signed in yet')
    const agent = await (await app.newAgent()).connect()
    await customer.sees(english.sent)
    await kefu(customer.page, 'identify', { name: 'Ann', email: 'ann@inbox.example' })
    const said = await agent.next('conversation:updated', ({ change }) => change === 'customer')
    expect(said.conversation.customer).toMatchObject({ name: 'Ann', isNameVerified: false, externalId: null })
    const sub = newSub()
    await kefu(customer.page, 'identify', { identity: identityOf(sub) })
    await agent.next(
      'conversation:updated',
      ({ conversation: { customer } }) => 'externalId' in customer && customer.externalId === sub,
    )
    await customer.write('signed in now')
    await agent.next('conversation:updated', ({ conversation }) => conversation.lastSeq === 2)
    expect(await customer.words()).toEqual(['not signed in yet', 'signed in now'])
  })

  test('[PA10] [T20] shows the next customer nothing of the previous one in any tab, and sends none of their unsent messages', async () => {
    const context = await testBrowser.newProfile()
    const identityA = identityOf(newSub())
    const [one, two] = [await visit(context, `${shop.origin}/`), await visit(context, `${shop.origin}/`)]
    for (const { page } of [one, two]) await kefu(page, 'identify', { identity: identityA })
    await one.open()
    await one.write('a secret of A')
    await two.open()
    await two.sees('a secret of A')
    const tokenOfA = await resumeTokenOf(one)
    await context.setOffline(true)
    await one.write('unsent by A')
    await two.composer.fill('a draft of A')
    await context.setOffline(false)
    await kefu(one.page, 'identify', { identity: identityOf(newSub()) })
    for (const tab of [one, two]) {
      await tab.frame.waitForFunction(() => !document.body.textContent?.includes('of A'))
      await tab.ready()
      // The frame reloads for the next customer and cannot be queried meanwhile.
      const shown = async () => [await tab.words(), await tab.composer.inputValue()]
      await expect.poll(() => shown().catch(() => 'on its way')).toEqual([[], ''])
    }
    await two.write('a word of B')
    await one.sees('a word of B')
    const continued = await app.call('POST', '/widget/session', { site: app.siteKey, resumeToken: tokenOfA })
    const stored = await app.db.selectFrom('messages').select(['content', 'sender_id']).execute()
    const senderOf = (content: string) => stored.find((message) => message.content === content)?.sender_id
    expect(senderOf('a word of B')).not.toBe(senderOf('a secret of A'))
    expect([undefined, senderOf('a secret of A')]).toContain(senderOf('unsent by A'))
    expect((continued.body as WidgetSessionReply).customer.id).not.toBe(senderOf('a secret of A'))
    // The page of the other tab still identifies A. It has not switched the session back.
    expect(testBrowser.requests.filter((url) => url.endsWith('/widget/session')).length).toBeLessThan(12)
  })

  test('[PA10] [PA4] ends the session on the server on shutdown, in all tabs', async () => {
    const context = await testBrowser.newProfile()
    const customer = await visitAs(context, newSub())
    await customer.write('before I sign out')
    await customer.sees(english.sent)
    const [before, id] = [await resumeTokenOf(customer), await customer.frame.evaluate(() => localStorage.length)]
    expect(id).toBeGreaterThan(0)
    await kefu(customer.page, 'shutdown')
    await customer.page.locator('kefu-widget').waitFor({ state: 'detached' })
    expect(await pageStorage(customer.page)).toEqual({ cookie: '' })
    const [session] = await app.db
      .selectFrom('customer_sessions')
      .select('revoked_at')
      .where('id', '=', Number(before?.split('.')[0]))
      .execute()
    expect(session?.revoked_at).not.toBeNull()
  })

  test('[PA11] gets an error for a rejected identity, and the customer can still chat if the site allows it', async () => {
    const customer = await visit(await testBrowser.newProfile(), `${shop.origin}/stub`)
    await customer.ready()
    await customer.page.evaluate(() => {
      const { Kefu, received } = window as unknown as PageWindow
      Kefu('on', 'error', (error: unknown) => received.push(JSON.stringify(error)))
    })
    await kefu(customer.page, 'identify', { identity: 'not.an.identity' })
    await waitForEvent(customer.page, '{"code":"unauthorized"}')
    await customer.write('as nobody')
    await customer.sees('as nobody')
    await app.db.updateTable('sites').set({ require_identity: true }).where('id', '=', site.id).execute()
    const stranger = await visit(await testBrowser.newProfile(), `${shop.origin}/`)
    const loaded = stranger.page.waitForEvent('framenavigated')
    await stranger.pressLauncher()
    await loaded
    await stranger.sees(english.identityRequired)
    await kefu(stranger.page, 'identify', { identity: identityOf(newSub()) })
    await stranger.ready()
    await stranger.write('I have signed in')
    await stranger.sees(english.sent)
    await app.db.updateTable('sites').set({ require_identity: false }).where('id', '=', site.id).execute()
    for (const complaint of await testBrowser.closeProfiles()) expect(complaint).toMatch(/40[13].*\/widget\/session/)
  })
})
