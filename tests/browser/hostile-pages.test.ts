// Hostile pages around the widget: a frame that impersonates the page, and a page that sends malformed messages.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { composerName, launchTestBrowser, type TestBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'

interface Origin {
  url: string
  close(): Promise<void>
}

async function serveHtml(html: () => string): Promise<Origin> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(html()),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

interface ShopWindow {
  fromNeighbour: string[]
  fromWidget: unknown[]
  port: MessagePort
}

describe.skipIf(findChromium() === undefined)('the widget on a hostile page', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let neighbour: Origin
  let shop: Origin

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    // Greets the widget as its page would, and reports the reply to the page.
    neighbour = await serveHtml(
      () => `<script>
        for (let i = 0; i < 5; i++) {
          const { port1, port2 } = new MessageChannel()
          port1.onmessage = ({ data }) => parent.postMessage('received ' + JSON.stringify(data), '*')
          parent.frames[0].postMessage('kefu:hello', '*', [port2])
          port1.postMessage({ type: 'shutdown' })
        }
        parent.postMessage('greeted', '*')
      </script>`,
    )
    shop = await serveHtml(
      () => `<!doctype html><title>Teas</title><script>
        fromNeighbour = []
        fromWidget = []
        onmessage = ({ data, source }) => source === frames[1] && fromNeighbour.push(data)
        function greet(frame) {
          const { port1, port2 } = new MessageChannel()
          port = port1
          port.onmessage = ({ data }) => fromWidget.push(data)
          frame.contentWindow.postMessage('kefu:hello', '${app.url}', [port2])
          const evil = document.body.appendChild(document.createElement('iframe'))
          evil.src = '${neighbour.url}'
        }
      </script><body><iframe width=400 height=600 src="${app.url}/widget/?site=${app.siteKey}" onload="greet(this)"></iframe></body>`,
    )
    await app.db.updateTable('sites').set({ origins: shop.url }).where('site_key', '=', app.siteKey).execute()
  })
  afterEach(async () => {
    expect(await testBrowser.closeProfiles(), 'complaints').toEqual([])
  })
  afterAll(async () => {
    await testBrowser.close()
    for (const origin of [neighbour, shop]) await origin.close()
    await app.stop()
  })

  async function visitShop() {
    const page = await (await testBrowser.newProfile()).newPage()
    await page.goto(shop.url)
    await page.waitForFunction(() => (window as unknown as ShopWindow).fromWidget.length > 0)
    return page
  }

  test('[T22] ignores the greeting of another frame of the page', async () => {
    const page = await visitShop()
    await page.waitForFunction(() => (window as unknown as ShopWindow).fromNeighbour.includes('greeted'))
    // The reply to the page's own request arrives after all earlier ones.
    await page.evaluate(() =>
      (window as unknown as ShopWindow).port.postMessage({
        type: 'panel',
        isOpen: true,
        focus: false,
        page: { url: location.href, title: document.title },
      }),
    )
    await page.waitForFunction(() =>
      (window as unknown as ShopWindow).fromWidget.some((data) => (data as { type: string }).type === 'session'),
    )
    expect(await page.evaluate(() => (window as unknown as ShopWindow).fromNeighbour)).toEqual(['greeted'])
  })

  test('[T22] [T24] drops a malformed message and handles the next one', async () => {
    const page = await visitShop()
    await page.evaluate(() => {
      const { port } = window as unknown as ShopWindow
      const nonsense: unknown[] = [
        null,
        7,
        'shutdown',
        [],
        { type: 'panel' },
        { type: 'panel', isOpen: 'yes', focus: 1, page: null },
        { type: 'panel', isOpen: true, focus: true, page: { url: 1, title: {} } },
        JSON.parse('{"__proto__": {"type": "shutdown"}}'),
        { type: 'constructor' },
        { type: 'token' },
        new Map([['type', 'shutdown']]),
      ]
      for (const message of nonsense) port.postMessage(message)
      port.postMessage({
        type: 'panel',
        isOpen: true,
        focus: true,
        page: { url: 'javascript:alert(1)', title: 'x'.repeat(100_000) },
      })
    })
    const composer = page.frameLocator('iframe').first().getByRole('textbox', { name: composerName })
    await composer.fill('Hello')
    await composer.press('Enter')
    await expect.poll(() => app.db.selectFrom('messages').select('content').execute()).toEqual([{ content: 'Hello' }])
    const messages = await page.evaluate(() => (window as unknown as ShopWindow).fromWidget)
    expect(new Set(messages.map((data) => (data as { type: string }).type))).toEqual(
      new Set(['ready', 'unread', 'session']),
    )
    expect(JSON.stringify(messages)).not.toMatch(/eyJ|token|Hello/)
  })
})
