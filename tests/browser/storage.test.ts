// Where a browser keeps unsent messages: across a restart, without IndexedDB, and without any storage.

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type CustomerPage, visit } from '../support/browser.ts'
import { findChromium, findWholeChromium } from '../support/chromium.ts'
import { installNetwork } from '../support/network.ts'
import { openTabs, seesAllSent, storedAfter } from './offline-tabs.ts'
import { english } from './screen-texts.ts'

const canDenyStorage = findWholeChromium() !== undefined

describe.skipIf(findChromium() === undefined)('unsent messages', () => {
  let app: TestApp
  let profile: string
  let opened: BrowserContext | undefined

  beforeAll(async () => {
    app = await startTestApp({ env: { DEMO: 'on' } })
  })
  beforeEach(async () => {
    profile = await mkdtemp(join(tmpdir(), 'kefu-profile-'))
  })
  afterEach(async () => {
    await opened?.close()
    await rm(profile, { recursive: true })
  })
  afterAll(() => app.stop())

  /** A browser with the profile it had when it was last closed. */
  async function openBrowser(executablePath = findChromium() as string): Promise<BrowserContext> {
    opened = await chromium.launchPersistentContext(profile, {
      executablePath,
      chromiumSandbox: process.getuid?.() !== 0,
      locale: 'en-US',
      // A host name without a secure context, as on a shop's local network.
      args: ['--host-resolver-rules=MAP shop.test 127.0.0.1'],
    })
    opened.setDefaultTimeout(20_000)
    return opened
  }

  /** The content of the widget origin's IndexedDB, in insertion order. */
  const keptIn = ({ frame }: CustomerPage) =>
    frame.evaluate(async () => {
      const result = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve) => {
          request.onsuccess = () => resolve(request.result)
        })
      const [{ name = '' } = {}] = await indexedDB.databases()
      const database = await result(indexedDB.open(name))
      const records = await result(database.transaction('records').objectStore('records').getAll())
      database.close()
      return records.sort((a, b) => a.position - b.position).map(({ content }) => content as string)
    })

  test('[OB1] survive a browser restart', async () => {
    const context = await openBrowser()
    const network = await installNetwork(context)
    const [tab] = (await openTabs(app, context, 1, 'yesterday')) as [CustomerPage]
    network.cut()
    await tab.sees(english.widgetOffline)
    await tab.write('one')
    await tab.write('two')
    await expect.poll(() => keptIn(tab)).toEqual(['one', 'two'])
    await tab.composer.fill('a draft')
    await context.close()
    // The browser's last process ends a moment later.
    await expect.poll(() => readdir(profile)).not.toContain('SingletonLock')

    const next = await openBrowser()
    const again = await visit(next, `${app.url}/demo/`)
    await again.open()
    await expect.poll(() => storedAfter(app, 'yesterday')).toEqual(['yesterday', 'one', 'two'])
    await seesAllSent(again)
    expect(await again.words()).toEqual(['yesterday', 'one', 'two'])
    expect(await again.composer.inputValue()).toBe('a draft')
  })

  test.each([
    ['', true],
    [' nor BroadcastChannel, which other tabs poll', false],
  ])('[OB1] [OB7] are kept in localStorage without IndexedDB%s', async (_, hasChannel) => {
    const context = await openBrowser()
    if (!hasChannel) await context.addInitScript(() => Reflect.deleteProperty(window, 'BroadcastChannel'))
    await context.addInitScript(() => {
      Object.defineProperty(window, 'indexedDB', {
        get() {
          throw new DOMException('The browser refuses', 'SecurityError')
        },
      })
    })
    const network = await installNetwork(context)
    const [first, second] = (await openTabs(app, context, 2, 'small')) as [CustomerPage, CustomerPage]
    network.cut()
    await first.sees(english.widgetOffline)
    for (const text of ['one', 'two']) await first.write(text)
    await second.sees('two')
    for (const tab of [first, second]) {
      await tab.reload()
      await tab.sees('two')
    }
    network.restore()
    await expect.poll(() => storedAfter(app, 'small')).toEqual(['small', 'one', 'two'])
    for (const tab of [first, second]) await expect.poll(() => tab.words()).toEqual(['small', 'one', 'two'])
  })

  test('[OB3] appear once and in order on plain http, where every tab can send because there are no locks', async () => {
    const context = await openBrowser()
    const network = await installNetwork(context)
    const { port } = new URL(app.url)
    const plain = { ...app, url: `http://shop.test:${port}` }
    const tabs = await openTabs(plain, context, 3, 'plain')
    const [first] = tabs as [CustomerPage]
    expect(await first.frame.evaluate(() => [isSecureContext, 'locks' in navigator])).toEqual([false, false])
    network.cut()
    for (const tab of tabs) await tab.sees(english.widgetOffline)
    for (const text of ['one', 'two', 'three']) await first.write(text)
    network.restore()
    for (const tab of tabs) {
      await seesAllSent(tab)
      await tab.sees('three')
    }
    expect(await storedAfter(app, 'plain')).toEqual(['plain', 'one', 'two', 'three'])
    for (const tab of tabs) expect(await tab.words()).toEqual(['plain', 'one', 'two', 'three'])
  })

  test.skipIf(!canDenyStorage)(
    '[OB10] are sent from a browser without storage, which warns that it keeps nothing',
    async () => {
      await mkdir(join(profile, 'Default'))
      // As with "Block all cookies": storage, databases and locks throw.
      const refusing = { profile: { default_content_setting_values: { cookies: 2 } } }
      await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(refusing))
      const context = await openBrowser(findWholeChromium())
      const network = await installNetwork(context)
      const [tab] = (await openTabs(app, context, 1, 'kept nowhere')) as [CustomerPage]
      const refusal = await tab.frame.evaluate(() => {
        try {
          return `${localStorage.length}`
        } catch (error) {
          return (error as DOMException).name
        }
      })
      expect(refusal).toBe('SecurityError')
      network.cut()
      await tab.sees(english.widgetOffline)
      for (const text of ['one', 'two']) await tab.write(text)
      const notKept = 'This browser blocks storage: stay on this page until your message is sent.'
      await tab.sees(notKept)
      network.restore()
      await seesAllSent(tab)
      await tab.frame.getByText(notKept).waitFor({ state: 'detached' })
      expect(await storedAfter(app, 'kept nowhere')).toEqual(['kept nowhere', 'one', 'two'])
    },
  )
})
