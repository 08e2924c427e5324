// Pages that are open while the server gets another release, whose code has other names.

import { cpSync, existsSync, globSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Frame, Page } from 'playwright-core'
import { build, type UserConfig } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { keepLastRelease } from '../../client-web/keep-last-release.ts'
import { pagesConfig } from '../../client-web/vite.config.ts'
import { png } from '../attachments/corpus.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type CustomerPage, launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { english } from './screen-texts.ts'

const dist = fileURLToPath(new URL('../../client-web/dist', import.meta.url))
const chooser = 'input[type=file]'
const newVersion = /A new version is available/
const image = async () => ({ name: 'cup.png', mimeType: 'image/png', buffer: await png() })

/** A release whose files all have other names. */
async function buildUnderOtherNames(outDir: string): Promise<void> {
  cpSync(dist, outDir, { recursive: true })
  rmSync(join(outDir, 'assets'), { recursive: true })
  for (const file of globSync('**/*.{gz,br}', { cwd: outDir })) rmSync(join(outDir, file))
  for (const pages of [
    ['console', 'setup'],
    ['widget', 'demo'],
  ]) {
    const { build: options, ...config }: UserConfig = pagesConfig(pages)
    const names = '[name]-next-[hash]'
    const output = {
      entryFileNames: `assets/${names}.js`,
      chunkFileNames: `assets/${names}.js`,
      assetFileNames: `assets/${names}[extname]`,
    }
    await build({
      ...config,
      configFile: false,
      logLevel: 'error',
      build: { ...options, outDir, emptyOutDir: false, rolldownOptions: { ...options?.rolldownOptions, output } },
    })
  }
}

describe.skipIf(findChromium() === undefined)('pages that are open during an upgrade', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let folder: string
  let served: string
  let customer: CustomerPage
  let agent: Page

  beforeAll(async () => {
    folder = await mkdtemp(join(inject('testFolder'), 'upgrade-'))
    await buildUnderOtherNames(join(folder, 'next'))
    served = join(folder, 'pages')
    cpSync(dist, served, { recursive: true })
    app = await startTestApp({ pages: served })
    testBrowser = await launchTestBrowser()
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  beforeEach(async () => {
    rmSync(served, { recursive: true })
    cpSync(dist, served, { recursive: true })
    await app.db.deleteFrom('login_sessions').execute()
    agent = await logIn(await testBrowser.newProfile(), app, await newLogin(app, 'Ann'))
    customer = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await customer.open()
    await customer.write('where is my cup?')
    await customer.sees(english.sent)
    await agent.getByRole('link', { name: 'where is my cup?' }).last().click()
    await agent.getByRole('button', { name: english.claim }).click()
    await agent.getByRole('textbox', { name: english.compose }).waitFor()
  })
  afterEach(() => testBrowser.closeProfiles())

  /** `isKept`: the code of the last release stays, as `node client-web/build.ts` does. */
  async function upgrade(isKept: boolean): Promise<void> {
    const next = join(folder, 'swap')
    cpSync(join(folder, 'next'), next, { recursive: true })
    if (isKept) await keepLastRelease(served, next)
    rmSync(served, { recursive: true })
    renameSync(next, served)
    const [name = ''] = readFileSync(join(dist, '.release'), 'utf8').split('\n')
    expect(existsSync(join(served, 'assets', name))).toBe(isKept)
  }

  const seesImage = (at: Page | Frame) => at.getByRole('button', { name: 'View cup.png' }).locator('img').waitFor()

  async function sendImage(at: Page | Frame): Promise<void> {
    await at.locator(chooser).setInputFiles(await image())
    await at.getByRole('list', { name: 'Files to send' }).getByText('cup.png').waitFor()
    await at.getByRole('button', { name: 'Send', exact: true }).click()
  }

  test('[WI16] [F5] send and show files while the last release is kept, and stay where they are', async () => {
    await upgrade(true)
    await sendImage(customer.frame)
    await seesImage(customer.frame)
    await seesImage(agent)
    await sendImage(agent)
    await expect.poll(() => customer.frame.getByRole('button', { name: 'View cup.png' }).count()).toBe(2)
    expect(await agent.getByText(newVersion).count()).toBe(0)
  })

  test('[WI16] [F5] reload by themselves for code that is gone, and then show what they got', async () => {
    await upgrade(false)
    await sendImage(customer.frame)
    await seesImage(customer.frame)
    await seesImage(agent)
    await customer.sees('where is my cup?')
    expect(await agent.getByText(newVersion).count()).toBe(0)
  })

  test('[WI16] [F5] keep a chosen file and unsent text, say that there is a new version, and load it afterwards', async () => {
    await agent.getByRole('textbox', { name: english.compose }).fill('not sent yet')
    await customer.frame.locator(chooser).setInputFiles(await image())
    await upgrade(false)
    await sendImage(agent)
    // The agent's own image needs the code that is gone.
    await agent
      .getByText(newVersion)
      .or(agent.getByRole('button', { name: 'View cup.png' }))
      .waitFor()
    const files = customer.frame.getByRole('list', { name: 'Files to send' })
    await customer.frame.getByText(newVersion).waitFor()
    await files.getByText('cup.png').waitFor()
    expect(await customer.frame.getByRole('button', { name: 'Reload' }).count()).toBe(0)
    await customer.composer.press('Enter')
    await expect.poll(() => customer.frame.getByRole('button', { name: 'View cup.png' }).count()).toBe(2)
    expect(await customer.frame.getByText(newVersion).count()).toBe(0)
  })
})
