// A shop's page on its own origin with a strict content policy and Kefu's snippet, opened in a real browser.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, FrameLocator, Locator, Page } from 'playwright-core'
import type { TestApp } from './app.ts'

export interface HostPageVisit {
  page: Page
  launcher: Locator
  panel: Locator
  /** The frame inside the panel. */
  frame: FrameLocator
  composer: Locator
  /** Types it and presses Enter. */
  write(text: string): Promise<void>
  /** Calls window.Kefu on the page. */
  kefu(...call: unknown[]): Promise<void>
  /** Browser complaints: exceptions and policy violations. */
  complaints: string[]
  /** URLs of everything that the page and its frames requested. */
  requests: string[]
}

export interface HostPageVisitOptions extends BrowserContextOptions {
  /** Opens it as another tab of this page's browser. */
  beside?: HostPageVisit
  /** Runs before the page is opened. */
  prepare?: (page: Page) => Promise<void>
}

export interface HostPage {
  origin: string
  visit(options?: HostPageVisitOptions): Promise<HostPageVisit>
  close(): Promise<void>
}

/** The launcher's shadow root is closed to tests too, so it is forced open before the loader creates it. */
const openShadowRoots = `{
  const attach = Element.prototype.attachShadow
  Element.prototype.attachShadow = function (init) { return attach.call(this, { ...init, mode: 'open' }) }
}`

/** With `key` null the snippet has no data-site, so the page boots by itself or not at all. */
export async function openHostPage(
  app: TestApp,
  browser: Browser,
  key: string | null = app.siteKey,
): Promise<HostPage> {
  const policy = `default-src 'none'; script-src ${app.url}; frame-src ${app.url}; connect-src ${app.url}; require-trusted-types-for 'script'`
  const html = `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Teas</title></head>
    <body><main><h1>Teas</h1><p><a href="/more">More</a></p>${'<br>'.repeat(150)}</main>
    <script async src="${app.url}/kefu.js"${key === null ? '' : ` data-site="${key}"`}></script></body></html>`
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy }).end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    origin,
    async visit({ beside, prepare, ...options } = {}) {
      const context = beside?.page.context() ?? (await browser.newContext({ locale: 'en-US', ...options }))
      if (!beside) await context.addInitScript(openShadowRoots)
      const page = await context.newPage()
      const complaints: string[] = []
      const requests: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      page.on('request', (request) => requests.push(request.url()))
      await prepare?.(page)
      await page.goto(`${origin}/`)
      const frame = page.frameLocator('kefu-widget iframe')
      const composer = frame.getByRole('textbox', { name: /^(Your message|您的消息)$/ })
      return {
        page,
        frame,
        composer,
        complaints,
        requests,
        launcher: page.getByRole('button', { name: /^(Talk to us|联系客服)/ }),
        panel: page.getByRole('dialog'),
        async write(text) {
          await composer.fill(text)
          await composer.press('Enter')
        },
        async kefu(...call) {
          await page.evaluate((given) => (window as unknown as { Kefu(...call: unknown[]): void }).Kefu(...given), call)
        },
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
