// Images and files between a customer and an agent in two browsers: selected, pasted, dropped, viewed, saved and
// recalled.

import { readFile } from 'node:fs/promises'
import type { Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import { jpeg, pdf, photo, png } from '../attachments/corpus.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { colourRules, findViolations } from '../support/axe.ts'
import { type CustomerPage, launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium } from '../support/chromium.ts'
import { runInSteps } from '../support/steps.ts'
import { english } from './screen-texts.ts'

const fileOf = (name: string, mimeType: string, buffer: Buffer) => ({ name, mimeType, buffer })
const chooser = 'input[type=file]'

/** Drops files on an element or pastes them into it. */
function hand(
  at: Page | Frame,
  selector: string,
  type: 'drop' | 'paste',
  files: { name: string; mimeType: string; buffer: Buffer }[],
) {
  return at.locator(selector).evaluate(
    (element, { type, files }) => {
      const data = new DataTransfer()
      for (const { name, mimeType, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
        data.items.add(new File([bytes], name, { type: mimeType }))
      }
      const init = { bubbles: true, cancelable: true }
      if (type === 'paste') element.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: data }))
      else
        for (const name of ['dragenter', 'dragover', 'drop'])
          element.dispatchEvent(new DragEvent(name, { ...init, dataTransfer: data }))
    },
    { type, files: files.map(({ name, mimeType, buffer }) => ({ name, mimeType, base64: buffer.toString('base64') })) },
  )
}

const imageIn = (at: Page | Frame, name: string) => at.getByRole('button', { name: `View ${name}` })

/** In both themes. */
async function expectAccessible(page: Page, path?: string): Promise<void> {
  expect(await findViolations(page, path)).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await findViolations(page, path, { only: colourRules })).toEqual([])
  await page.emulateMedia({ colorScheme: 'light' })
}

/** The image is loaded and has the box that was reserved for it. */
async function seesImage(at: Page | Frame, name: string): Promise<void> {
  const image = imageIn(at, name).locator('img')
  await image.waitFor()
  await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBeGreaterThan(0)
}

describe.skipIf(findChromium() === undefined)('images and files', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  let customer: CustomerPage
  let agent: Page

  const stored = () => app.db.selectFrom('messages').select(['type', 'content']).orderBy('id').execute()

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
    agent = await logIn(await testBrowser.newProfile(), app, await newLogin(app, 'Ann'))
    customer = await visit(await testBrowser.newProfile(), `${app.url}/demo/`)
    await customer.open()
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  runInSteps()

  test('[AT14] [WI13] a selected image has a preview before sending and arrives upright on the other side', async () => {
    const { frame } = customer
    await frame
      .locator(chooser)
      .setInputFiles([fileOf('cup.jpg', 'image/jpeg', await photo()), fileOf('tea.png', 'image/png', await png())])
    const tray = frame.getByRole('list', { name: 'Files to send' })
    await tray.getByText('cup.jpg').waitFor()
    await tray.locator('img').nth(1).waitFor()
    await expectAccessible(customer.page, '/widget/')
    await frame.getByRole('button', { name: 'Remove tea.png' }).click()
    expect(await tray.getByRole('listitem').count()).toBe(1)
    await customer.write('Look at this cup')
    await customer.sees('Look at this cup')
    await seesImage(frame, 'cup.jpg')
    await tray.waitFor({ state: 'detached' })
    await agent.getByRole('link', { name: /cup/ }).click()
    await seesImage(agent, 'cup.jpg')
    const { width, height } = (await imageIn(agent, 'cup.jpg').boundingBox()) ?? { width: 0, height: 0 }
    expect(height).toBeGreaterThan(width)
    expect((await stored()).map(({ type }) => type).sort()).toEqual(['image', 'text'])
  })

  test('[AT14] an agent drops a file and pastes an image; the customer sees both and saves the same bytes', async () => {
    await agent.getByRole('button', { name: english.claim }).click()
    const reply = agent.getByRole('textbox', { name: english.compose })
    await reply.waitFor()
    const invoice = Buffer.from(pdf('发票'))
    await hand(agent, '[role=log]', 'drop', [fileOf('发票 2026.pdf', 'application/pdf', invoice)])
    await agent.getByRole('list', { name: 'Files to send' }).getByText('发票 2026.pdf').waitFor()
    await hand(agent, 'textarea', 'paste', [fileOf('image.png', 'image/png', await png(1200, 900))])
    await agent.getByRole('list', { name: 'Files to send' }).getByText('image.png').waitFor()
    await reply.press('Enter')
    await seesImage(customer.frame, 'image.png')
    const saved = customer.page.waitForEvent('download')
    await customer.frame.getByRole('button', { name: /^Download 发票 2026\.pdf/ }).click()
    const download = await saved
    expect(await download.failure()).toBeNull()
    expect(download.suggestedFilename()).toBe('发票 2026.pdf')
    expect((await readFile(await download.path())).equals(invoice)).toBe(true)
    await expectAccessible(agent)
    await expectAccessible(customer.page, '/widget/')
  })

  test('[AT15] images open large by keyboard, one after another, and focus returns', async () => {
    for (const [at, name] of [
      [agent, 'cup.jpg'],
      [customer.frame, 'cup.jpg'],
    ] as const) {
      const { keyboard } = at === agent ? agent : customer.page
      await imageIn(at, name).focus()
      await keyboard.press('Enter')
      const large = at.getByRole('dialog', { name: 'cup.jpg (1 of 2)' })
      await large.getByRole('img', { name: 'cup.jpg' }).waitFor()
      await expectAccessible(at === agent ? agent : customer.page, at === agent ? '/' : '/widget/')
      await keyboard.press('ArrowRight')
      await at.getByRole('dialog', { name: 'image.png (2 of 2)' }).getByRole('img', { name: 'image.png' }).waitFor()
      await keyboard.press('ArrowRight')
      await keyboard.press('ArrowLeft')
      await large.waitFor()
      await keyboard.press('Escape')
      await large.waitFor({ state: 'detached' })
      await expect.poll(() => imageIn(at, name).evaluate((element) => element === document.activeElement)).toBe(true)
    }
    // Escape closed the image alone.
    await customer.seesPanel(true)
  })

  test('[AT16] an invalid file is explained before anything is sent', async () => {
    const { frame } = customer
    await frame
      .locator(chooser)
      .setInputFiles([
        fileOf('page.html', 'text/html', Buffer.from('<script></script>')),
        fileOf('film.mp4', 'video/mp4', Buffer.alloc(limits.attachmentBytes + 1)),
        fileOf('empty.txt', 'text/plain', Buffer.alloc(0)),
      ])
    const alert = frame.getByRole('alert')
    await expect.poll(() => alert.innerText()).toContain('page.html has an unsupported file type')
    expect(await alert.innerText()).toContain('film.mp4 is larger than 20 MB')
    expect(await alert.innerText()).toContain('empty.txt is empty')
    // Only the server can detect this fault; the message stays, with the reason.
    await frame
      .locator(chooser)
      .setInputFiles([fileOf('fake.png', 'image/png', Buffer.from('<svg onload="alert(1)"/>'))])
    await frame.getByRole('list', { name: 'Files to send' }).getByText('fake.png').waitFor()
    await customer.composer.press('Enter')
    await frame.getByText('Not sent: this file type isn’t supported').waitFor()
    await expectAccessible(customer.page, '/widget/')
    await frame.getByRole('button', { name: 'Delete' }).click()
    await frame.getByText('Not sent').waitFor({ state: 'detached' })
  })

  test('[AT17] an upload shows its progress, delays no text and can be cancelled', async () => {
    const { frame, page } = customer
    const before = (await stored()).length
    await page.route('**/api/v1/attachments', () => undefined)
    await frame.locator(chooser).setInputFiles([fileOf('slow.jpg', 'image/jpeg', await jpeg())])
    await frame.getByRole('list', { name: 'Files to send' }).getByText('slow.jpg').waitFor()
    await customer.write('Words go first')
    await frame.getByRole('progressbar', { name: 'Uploading slow.jpg' }).waitFor()
    await expectAccessible(customer.page, '/widget/')
    await agent.getByRole('log').getByText('Words go first').waitFor()
    await frame.getByRole('button', { name: 'Cancel: slow.jpg' }).click()
    await imageIn(frame, 'slow.jpg').waitFor({ state: 'detached' })
    await page.unroute('**/api/v1/attachments')
    expect((await stored()).length).toBe(before + 1)
  })

  test('[AT18] a file sent offline survives a reload and is sent once when the network returns', async () => {
    const { frame, page } = customer
    const before = (await stored()).length
    await page.route('**/api/v1/attachments', (route) => route.abort())
    await frame.locator(chooser).setInputFiles([fileOf('kept.jpg', 'image/jpeg', await jpeg())])
    await frame.getByRole('list', { name: 'Files to send' }).getByText('kept.jpg').waitFor()
    await customer.composer.press('Enter')
    await imageIn(frame, 'kept.jpg').locator('img').waitFor()
    await customer.reload()
    await imageIn(customer.frame, 'kept.jpg').locator('img').waitFor()
    await page.unroute('**/api/v1/attachments')
    await seesImage(agent, 'kept.jpg')
    expect((await stored()).slice(before)).toEqual([{ type: 'image', content: 'kept.jpg' }])
    await customer.reload()
    await seesImage(customer.frame, 'kept.jpg')
  })

  test('[AT14] [WI12] bytes came only from Kefu, no URL held a token, and no browser reported an error', async () => {
    const asked = testBrowser.requests.filter((url) => url.includes('/attachments'))
    expect(asked.length).toBeGreaterThan(5)
    for (const url of asked) expect(url).toMatch(/\/(api\/v1\/attachments(\/\d+(\/thumbnail)?)?|assets\/.*)$/)
    const complaints = await testBrowser.closeProfiles()
    // Except for the upload that the server rejected and those that the test aborted.
    expect(complaints.filter((line) => !/api\/v1\/attachments\)$/.test(line))).toEqual([])
  })
})
