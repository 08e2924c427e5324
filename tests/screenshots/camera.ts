// The browser part of the screenshots: which person views which page, in which language, on which screen. The clock is
// that of day.ts.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page, PageScreenshotOptions } from 'playwright-core'
import { now, timeZone } from './day.ts'
import { timeAt } from './seed.ts'

export type Language = 'en' | 'zh-CN'

export const screens = {
  console: { width: 1440, height: 900 },
  page: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
}

/** The README loads these images over slow connections too. */
const largestBytes = 200 * 1024

export async function openBrowser(
  browser: Browser,
  language: Language,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    locale: language === 'en' ? 'en-GB' : 'zh-CN',
    timezoneId: timeZone,
    deviceScaleFactor: 1,
    reducedMotion: 'reduce',
    ...options,
  })
  await context.clock.setFixedTime(timeAt(now))
  return context
}

/** A page of Kefu that has finished loading. */
export async function openPage(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address, { waitUntil: 'networkidle' })
  return page
}

/** docs/screenshots/NAME.png, and NAME.zh-CN.png in Chinese. */
export function camera(folder: string) {
  return async (
    page: Page,
    name: string,
    language: Language = 'en',
    options?: PageScreenshotOptions,
  ): Promise<void> => {
    const path = join(folder, `${name}${language === 'en' ? '' : `.${language}`}.png`)
    await page.screenshot({ path, animations: 'disabled', caret: 'hide', ...options })
    const { size } = statSync(path)
    if (size > largestBytes) throw new Error(`${path} has ${size} bytes, more than ${largestBytes}`)
  }
}
