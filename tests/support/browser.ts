// People at real browsers: a customer on a page with the widget, an agent at the console. Browser complaints are
// collected, so that tests can fail on them. The launcher's shadow root stays closed: tests reach it by position or
// keyboard.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, BrowserContextOptions, ConsoleMessage, Frame, Locator, Page } from 'playwright-core'
import type { AgentRole } from '#protocol/entities.ts'
import { hashPassword } from '../../server/auth/password.ts'
import type { TestApp } from './app.ts'
import { launchChromium } from './chromium.ts'

export const password = 'correct horse 电池'

/** One browser per file, with profiles that share nothing. */
export interface TestBrowser {
  /** A profile: its tabs share cookies and storage. */
  newProfile(options?: BrowserContextOptions): Promise<BrowserContext>
  /** URLs requested by all profiles since the last `closeProfiles`. */
  requests: string[]
  /** Closes all profiles and returns their complaints: exceptions, policy violations and logged errors. */
  closeProfiles(): Promise<string[]>
  close(): Promise<void>
}

const builtAt = fileURLToPath(new URL('../../client-web/dist/.stamp', import.meta.url))

/** In the given Chromium, else in the cheapest. */
export async function launchTestBrowser(executablePath?: string): Promise<TestBrowser> {
  if (!existsSync(builtAt)) throw new Error('The pages are not built. Run npm test once, which builds them.')
  const browser = await launchChromium(executablePath)
  const complaints: string[] = []
  const requests: string[] = []
  return {
    requests,
    async newProfile(options) {
      const context = await browser.newContext({ locale: 'en-US', ...options })
      context.setDefaultTimeout(20_000)
      context.on('weberror', (error) => complaints.push(error.error().message))
      context.on('console', (message) => {
        if (message.type() === 'error' && !isExpected(message)) {
          complaints.push(`${message.text()} (${message.location().url})`)
        }
      })
      context.on('request', (request) => requests.push(request.url()))
      return context
    },
    async closeProfiles() {
      for (const context of browser.contexts()) await context.close()
      requests.length = 0
      return complaints.splice(0)
    },
    close: () => browser.close(),
  }
}

/**
 * The browser's own messages: about a network that the test has cut, the refresh without a session, and an agent who is
 * not disabled without a question.
 */
function isExpected(message: ConsoleMessage): boolean {
  const isLoggedOut = message.text().includes('401') && message.location().url.endsWith('/api/v1/auth/refresh')
  const isAsked = message.text().includes('409') && /\/api\/v1\/users\/\d+$/.test(message.location().url)
  return isLoggedOut || isAsked || message.text().includes('net::ERR_INTERNET_DISCONNECTED')
}

export interface CustomerPage {
  page: Page
  /** The widget's frame; it exists once somebody has approached the launcher. */
  readonly frame: Frame
  readonly composer: Locator
  /** Clicks the position of the launcher. */
  pressLauncher(): Promise<void>
  /** Waits until the composer is ready. */
  ready(): Promise<void>
  /** Opens the widget and waits until the composer is ready. */
  open(): Promise<void>
  /** Waits until the panel is visible, or hidden. */
  seesPanel(isThere: boolean): Promise<void>
  seesLauncher(isThere: boolean): Promise<void>
  /** Waits for this text in the widget. */
  sees(text: string | RegExp): Promise<void>
  write(text: string): Promise<void>
  /** The message texts shown. */
  words(): Promise<string[]>
  /** Reloads a page on which the widget was open. */
  reload(): Promise<void>
}

export const composerName = /^(Your message|您的消息)$/
const isWidget = (frame: Frame) => frame.url().includes('/widget/')
/** From the right and bottom of the window, in CSS pixels: the centre of the launcher, and a point inside the panel. */
const launcherPosition = { right: 48, bottom: 48 }
const panelPosition = { right: 200, bottom: 400 }

export async function visit(context: BrowserContext, url: string): Promise<CustomerPage> {
  const page = await context.newPage()
  await page.goto(url)
  return customerAt(page)
}

export function customerAt(page: Page): CustomerPage {
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 720 }
  const point = ({ right, bottom }: typeof launcherPosition) => ({ x: width - right, y: height - bottom })

  const isWidgetAt = (place: typeof launcherPosition, isThere: boolean) =>
    page.waitForFunction(
      ({ x, y, isThere }) => (document.elementFromPoint(x, y)?.localName === 'kefu-widget') === isThere,
      { ...point(place), isThere },
    )

  const customer: CustomerPage = {
    page,
    get frame() {
      const frame = page.frames().find(isWidget)
      if (!frame) throw new Error('the widget has no frame yet')
      return frame
    },
    get composer() {
      return customer.frame.getByRole('textbox', { name: composerName })
    },
    async pressLauncher() {
      await customer.seesLauncher(true)
      const { x, y } = point(launcherPosition)
      await page.mouse.click(x, y)
    },
    async ready() {
      if (!page.frames().some(isWidget)) await page.waitForEvent('framenavigated', isWidget)
      await customer.composer.waitFor()
    },
    async open() {
      await customer.pressLauncher()
      await customer.ready()
    },
    async seesPanel(isThere) {
      await isWidgetAt(panelPosition, isThere)
    },
    async seesLauncher(isThere) {
      await isWidgetAt(launcherPosition, isThere)
    },
    async sees(text) {
      await customer.frame.getByText(text, { exact: true }).last().waitFor()
    },
    async write(text) {
      await customer.composer.fill(text)
      await customer.composer.press('Enter')
    },
    words: () => messageTexts(customer.frame),
    async reload() {
      await page.reload()
      await customer.ready()
    },
  }
  return customer
}

/** The message texts of a conversation, in screen order. */
export async function messageTexts(surface: Frame | Page): Promise<string[]> {
  return surface.getByRole('log').locator('[data-status] p').allTextContents()
}

export interface Login {
  id: number
  username: string
  name: string
}

/** A user who can log in with `password`. */
export async function newLogin(app: TestApp, name: string, role: AgentRole = 'agent'): Promise<Login> {
  const username = `u${randomBytes(6).toString('hex')}`
  const { insertId } = await app.db
    .insertInto('users')
    .values({ username, password_hash: await hashPassword(password), role, name })
    .executeTakeFirstOrThrow()
  return { id: Number(insertId), username, name }
}

/** Logs in at the form; resolves when everybody has received this agent's presence. */
export async function logIn(context: BrowserContext, app: TestApp, login: Login, path = '/console/'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(app.url + path)
  await page.getByLabel(/^(Username|用户名)$/).fill(login.username)
  await page.getByLabel(/^(Password|密码)$/).fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /(Online|在线)/ }).waitFor()
  return page
}

/** Brings another window to the front, so that nobody looks at this page. Returns a function to come back. */
export async function moveToBackground(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  const front = await page.context().newPage()
  await front.bringToFront()
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: false })
  return async () => {
    await session.send('Emulation.setFocusEmulationEnabled', { enabled: true })
    await front.close()
    await page.bringToFront()
  }
}
