// npm run screenshots: the images in docs/screenshots, taken from a real Kefu in a temporary folder on one day of a
// small shop.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Frame, Page } from 'playwright-core'
import { camera, type Language, openBrowser, openPage, screens } from './screenshots/camera.ts'
import {
  type Line,
  type ScriptedConversation,
  shop,
  shownInChinese,
  shownInEnglish,
  shownTyping,
  shownWaiting,
  staff,
  widgetScripts,
} from './screenshots/day.ts'
import {
  addAgents,
  answer,
  password,
  type StartedConversation,
  type StartedConversations,
  setTimes,
  startConversations,
} from './screenshots/seed.ts'
import { launchChromium } from './support/chromium.ts'
import type { Client } from './support/client.ts'
import { serveGallery } from './support/gallery.ts'
import { startKefu } from './support/kefu-for-script.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const takeScreenshot = camera(join(root, 'docs', 'screenshots'))

async function setUp(browser: Browser, setupLink: string): Promise<void> {
  const context = await openBrowser(browser, 'en', { viewport: screens.page })
  const page = await openPage(context, setupLink)
  await page.getByLabel('Username').fill(staff.yue.username)
  await page.getByLabel('Password').fill(password)
  await page.getByLabel('Name', { exact: true }).fill(shop.name)
  await page.getByLabel('Address').fill(shop.origin)
  await takeScreenshot(page, 'setup', 'en', { fullPage: true })
  await page.getByRole('button', { name: 'Finish setup' }).click()
  await page.locator('kefu-widget').waitFor({ state: 'attached' })
  await page.waitForLoadState('networkidle')
  await takeScreenshot(page, 'setup-done')
  await context.close()
}

async function openConsole(browser: Browser, url: string, language: Language): Promise<Page> {
  const context = await openBrowser(browser, language, { viewport: screens.console })
  const page = await openPage(context, `${url}/console/`)
  await page.locator('input[name=username]').fill(staff.yue.username)
  await page.locator('input[name=password]').fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('navigation').first().waitFor()
  await page.waitForLoadState('networkidle')
  return page
}

/**
 * A customer in their own browser writes in the demo shop. The agent's last reply arrives when the panel is closed
 * again.
 */
async function chatInDemo(browser: Browser, url: string, language: Language, agent: Client): Promise<DemoConversation> {
  const context = await openBrowser(browser, language, { viewport: screens.page })
  const page = await openPage(context, `${url}/demo/`)
  await takeScreenshot(page, 'demo', language)
  await page.locator('.ask').click()
  const lines = widgetScripts[language]
  let conversationId: number | undefined
  for (const [index, [, side, words]] of lines.entries()) {
    const field = (await widgetFrame(page)).getByRole('textbox')
    if (side === 'customer') {
      await field.fill(words)
      await field.press('Enter')
      const event = conversationId === undefined ? 'conversation:created' : 'conversation:updated'
      const { conversation } = await agent.next(event, (update) => update.conversation.lastMessage?.content === words)
      conversationId = conversation.id
    } else {
      if (index === lines.length - 1) await field.press('Escape')
      await answer(agent, conversationId as number, words)
      await (await widgetFrame(page)).getByText(words).waitFor({ state: 'attached' })
    }
  }
  return { page, conversationId: conversationId as number, lines }
}

interface DemoConversation {
  page: Page
  conversationId: number
  lines: readonly Line[]
}

async function widgetFrame(page: Page): Promise<Frame> {
  const isWidget = (frame: Frame) => frame.url().includes('/widget/?')
  const frame = page.frames().find(isWidget) ?? (await page.waitForEvent('framenavigated', isWidget))
  await frame.getByRole('textbox').waitFor({ state: 'attached' })
  return frame
}

async function showWidget(browser: Browser, { page, lines }: DemoConversation, language: Language): Promise<void> {
  const last = lines.at(-1)?.[2] as string
  const open = async (shown: Page) => {
    await shown.locator('.ask').click()
    await (await widgetFrame(shown)).getByText(last).waitFor()
    await shown.waitForLoadState('networkidle')
  }
  await page.reload({ waitUntil: 'networkidle' })
  await (await widgetFrame(page)).getByText(last).waitFor({ state: 'attached' })
  await page.locator('#teas').scrollIntoViewIfNeeded()
  await takeScreenshot(page, 'widget-closed', language)
  await page.evaluate(() => scrollTo(0, 0))
  const isRead = page.evaluate(nothingUnread)
  await open(page)
  await isRead
  await takeScreenshot(page, 'widget-open', language)

  const storageState = await page.context().storageState()
  const phone = { viewport: screens.phone, isMobile: true, hasTouch: true, storageState }
  const onPhone = await openPage(await openBrowser(browser, language, phone), page.url())
  await open(onPhone)
  await takeScreenshot(onPhone, 'widget-phone', language)
}

/** Runs on the page: resolves at the next event with zero unread messages. */
function nothingUnread(): Promise<void> {
  return new Promise((resolve) => window.Kefu?.('on', 'unread', (count: unknown) => count === 0 && resolve()))
}

async function showConsole(
  page: Page,
  started: StartedConversations,
  script: ScriptedConversation,
  language: Language,
): Promise<void> {
  const { customer, conversationId } = started.get(script) as StartedConversation
  await page.goto(new URL(`/console/conversations/${conversationId}?view=mine`, page.url()).href)
  await page
    .getByText(script.lines.at(-1)?.[2] as string)
    .last()
    .waitFor()
  await page.waitForLoadState('networkidle')
  await customer.request('typing:set', { conversationId, typing: true, preview: shownTyping[language] })
  await page.getByText(shownTyping[language]).waitFor()
  await takeScreenshot(page, 'console-conversation', language)
  if (language !== 'en') return
  await page.emulateMedia({ colorScheme: 'dark' })
  await takeScreenshot(page, 'console-dark')
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Messages in every state: light in English, dark in Chinese. */
async function showGallery(browser: Browser, folder: string): Promise<void> {
  const gallery = await serveGallery(folder)
  for (const [language, theme] of [
    ['en', 'light'],
    ['zh-CN', 'dark'],
  ] as const) {
    const context = await openBrowser(browser, language, { viewport: screens.page })
    const page = await openPage(context, gallery.url({ theme, language, section: 'messages' }))
    await takeScreenshot(page, 'gallery', language)
    await context.close()
  }
  await gallery.close()
}

async function takeScreenshots(browser: Browser, dataDir: string, setupLink: string): Promise<void> {
  const url = new URL(setupLink).origin
  await setUp(browser, setupLink)
  const colleagues = await addAgents(url)
  const english = await openConsole(browser, url, 'en')
  await english.getByRole('heading', { name: 'Ready for the first customer' }).waitFor()
  await takeScreenshot(english, 'console-empty')

  const started = await startConversations(url, colleagues)
  const demoConversations = {
    en: await chatInDemo(browser, url, 'en', colleagues.anna),
    'zh-CN': await chatInDemo(browser, url, 'zh-CN', colleagues.ning),
  }
  await setTimes(
    dataDir,
    new Map([
      ...[...started].map(([script, { conversationId }]) => [conversationId, script.lines] as const),
      ...Object.values(demoConversations).map(({ conversationId, lines }) => [conversationId, lines] as const),
    ]),
  )

  const waiting = started.get(shownWaiting) as StartedConversation
  await english.goto(`${url}/console/conversations/${waiting.conversationId}`)
  await english.getByRole('button', { name: 'Claim' }).waitFor()
  await english.waitForLoadState('networkidle')
  await takeScreenshot(english, 'console-waiting')
  await showConsole(english, started, shownInEnglish, 'en')
  await showConsole(await openConsole(browser, url, 'zh-CN'), started, shownInChinese, 'zh-CN')
  await showWidget(browser, demoConversations.en, 'en')
  await showWidget(browser, demoConversations['zh-CN'], 'zh-CN')
  for (const { customer } of started.values()) customer.close()
  for (const colleague of Object.values(colleagues)) colleague.close()
}

const dataDir = await mkdtemp(join(tmpdir(), 'kefu-screenshots-'))
const kefu = await startKefu(dataDir)
const browser = await launchChromium()
try {
  await showGallery(browser, dataDir)
  await takeScreenshots(browser, dataDir, kefu.setupLink)
} finally {
  await browser.close()
  await kefu.stop()
  await rm(dataDir, { recursive: true })
}
