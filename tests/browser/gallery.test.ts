// The component gallery: it is complete, accessible in both themes and languages, and no part of Kefu itself.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTestApp } from '../support/app.ts'
import { colourRules, componentTags, findViolations } from '../support/axe.ts'
import { launchTestBrowser, type TestBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { type ServedGallery, serveGallery } from '../support/gallery.ts'

const clientWeb = fileURLToPath(new URL('../../client-web', import.meta.url))

/** Whole pages, which accessibility.test.ts visits. */
const pages = ['PageShell', 'Layout', 'NotFoundPage']

let gallery: ServedGallery

beforeAll(async () => {
  gallery = await serveGallery(inject('testFolder'))
})
afterAll(() => gallery.close())

test.each(
  ['shared/**/*.tsx', 'console/layout/*.tsx', 'console/inbox/conversation-*.tsx']
    .flatMap((pattern) => globSync(pattern, { cwd: clientWeb }))
    .flatMap((file) => {
      const source = readFileSync(join(clientWeb, file), 'utf8')
      return [...source.matchAll(/^export (?:function|const) ([A-Z]\w+)/gm)].map(
        ([, name = '']) => [name, file] as const,
      )
    })
    .filter(([name]) => !pages.includes(name)),
)('[WI13] the gallery contains %s of %s', (name, file) => {
  expect(gallery.exports.get(join(clientWeb, file))).toContain(name)
})

test('the gallery is in no built page, and Kefu does not serve it', async () => {
  const title = 'Component gallery'
  expect(gallery.code).toContain(title)
  const built = globSync('dist/**/*.{html,js}', { cwd: clientWeb })
  expect(built.length).toBeGreaterThan(5)
  expect(built.filter((file) => readFileSync(join(clientWeb, file), 'utf8').includes(title))).toEqual([])
  expect(existsSync(join(clientWeb, 'dist', 'gallery'))).toBe(false)
  const app = await startTestApp()
  for (const path of ['/gallery', '/gallery/', '/gallery/index.html']) {
    expect((await fetch(app.url + path)).status, path).toBe(404)
  }
  await app.stop()
})

describe.skipIf(findChromium() === undefined)('[WI13] the gallery has no violation', () => {
  let testBrowser: TestBrowser
  let page: Page

  beforeAll(async () => {
    testBrowser = await launchTestBrowser()
    page = await (await testBrowser.newProfile({ reducedMotion: 'reduce' })).newPage()
    // It asks no server for data, and needs none.
    await page.route('**/api/**', (route) => route.abort('internetdisconnected'))
  })
  afterAll(() => testBrowser.close())

  describe.each(['en', 'zh-CN'] as const)('in %s', (language) => {
    test('on the light page', async () => {
      await page.goto(gallery.url({ theme: 'light', language }))
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(language)
      await page
        .locator('#widget')
        .getByText(/offline|网络已断开/)
        .waitFor()
      await page
        .locator('#notices')
        .getByText(/Reconnecting|正在重新连接/)
        .waitFor()
      expect(await findViolations(page, '/', { tags: componentTags })).toEqual([])
    })

    test('in the colours of the dark page', async () => {
      await page.getByRole('combobox').first().selectOption('dark')
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
      expect(await findViolations(page, '/', { only: colourRules })).toEqual([])
    })

    test.each(['notices', 'attachments', 'dialogs'])('in what opens over the section %s', async (section) => {
      await page.goto(gallery.url({ theme: language === 'en' ? 'light' : 'dark', language, section }))
      const opened = page.locator('dialog[open], :popover-open, [role=status] > p')
      const openers = await page.locator('main').locator('[data-opener], [popovertarget]').all()
      expect(openers.length).toBeGreaterThan(0)
      for (const opener of openers) {
        await opener.click()
        await opened.first().waitFor()
        const label = await opener.innerText()
        expect(await findViolations(page, '/', { tags: componentTags }), label).toEqual([])
        if (section === 'notices') continue
        await page.keyboard.press('Escape')
        await opened.waitFor({ state: 'detached' })
      }
    })
  })

  test('[WI12] no browser reported an error', async () => {
    expect(await testBrowser.closeProfiles()).toEqual([])
  })
})
