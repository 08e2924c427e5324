// Strict pages of a shop on another origin than Kefu's, and helpers to call Kefu and read what such a page received.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import type { TestApp } from '../support/app.ts'

export interface StrictPage {
  origin: string
  close(): Promise<void>
}

type Kefu = (...call: unknown[]) => unknown
export interface PageWindow {
  Kefu: Kefu
  received: string[]
}

/**
 * A page on another origin with a policy that allows only what the loader needs: / has the snippet, /stub the queue
 * stub.
 */
export async function openStrictPage(app: TestApp, host = '127.0.0.1'): Promise<StrictPage> {
  const policy = `default-src 'none'; script-src 'self' ${app.url}; frame-src ${app.url}; connect-src ${app.url}; require-trusted-types-for 'script'`
  const stub = `
    window.Kefu = function () { (Kefu.q = Kefu.q || []).push(arguments) }
    window.received = []
    for (const event of ['ready', 'open', 'close']) Kefu('on', event, () => received.push(event))
    Kefu('on', 'unread', (count) => received.push('unread ' + count))
    Kefu('boot', { site: '${app.siteKey}' })
    Kefu('open')
    Kefu('hide')`
  const page = (scripts: string) =>
    `<!doctype html><html lang="en"><title>Teas</title><body><main><h1>Teas</h1></main>${scripts}</body></html>`
  const loader = (attribute: string) => `<script async src="${app.url}/kefu.js"${attribute}></script>`
  const answers: Record<string, [type: string, body: string]> = {
    '/': ['text/html', page(loader(` data-site="${app.siteKey}"`))],
    '/stub': ['text/html', page(`<script src="/stub.js"></script>${loader('')}`)],
    '/stub.js': ['text/javascript', stub],
  }
  const server = createServer(({ url = '' }, response) => {
    const [type, body] = answers[url] ?? ['text/plain', '']
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const kefu = (page: Page, ...call: unknown[]) =>
  page.evaluate((given) => void (window as unknown as PageWindow).Kefu(...given), call)
export const received = (page: Page) => page.evaluate(() => (window as unknown as PageWindow).received)
export const waitForEvent = (page: Page, event: string) =>
  page.waitForFunction((name) => (window as unknown as PageWindow).received.includes(name), event)
/** Everything that the page itself stored. */
export const pageStorage = (page: Page) =>
  page.evaluate(() => ({ ...localStorage, ...sessionStorage, cookie: document.cookie }))
