// The texts of a mounted page: signals stay current, also on a translated page, and white space moves nothing.

import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { build, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchTestBrowser, type TestBrowser } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { type Translator, translatePages } from '../support/translator.ts'

describe.skipIf(findChromium() === undefined)('a mounted page', () => {
  let testBrowser: TestBrowser
  let script: string

  beforeAll(async () => {
    const { output } = (await build({
      configFile: false,
      logLevel: 'error',
      build: { write: false, rolldownOptions: { input: fileURLToPath(new URL('mounted-texts.ts', import.meta.url)) } },
    })) as Rolldown.RolldownOutput
    script = output[0].code
    testBrowser = await launchTestBrowser()
  })
  afterAll(() => testBrowser.close())

  async function open(translator?: Translator): Promise<Page> {
    const profile = await testBrowser.newProfile()
    if (translator) await translatePages(profile, translator)
    const page = await profile.newPage()
    await page.route('http://page.example/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><div id="app"></div>' }),
    )
    await page.goto('http://page.example/')
    await page.addScriptTag({ content: script, type: 'module' })
    await page.getByRole('button').waitFor()
    return page
  }

  test.each([undefined, 'replaces', 'moves'] as const)(
    '[F18] a signal shows its value (translator: %s)',
    async (does) => {
      const page = await open(does)
      for (const value of [0, 1, 2]) {
        await expect
          .poll(() => page.locator('p').allTextContents())
          .toEqual([`${value}`, `of ${value} cups`, `${value}`])
        await page.getByRole('button').click()
      }
    },
  )

  test('white space between two items of a flex container adds no gap', async () => {
    const page = await open()
    const button = await page.getByRole('button').boundingBox()
    const next = await page.locator('p').first().boundingBox()
    expect(next?.x).toBe((button?.x ?? 0) + (button?.width ?? 0) + 8)
  })
})
