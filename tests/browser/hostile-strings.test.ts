// Script injection strings in every field that people fill in, on every screen that shows it, in the real console and
// widget.

import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type CustomerPage, launchTestBrowser, logIn, newLogin, type TestBrowser, visit } from '../support/browser.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { isLongRun } from '../support/scale.ts'
import { classCount, hostileStrings, someOfEachClass, trap } from './hostile-strings.ts'

const strings = isLongRun ? hostileStrings : someOfEachClass(50)
/** Strings that each need a page load. */
const loaded = isLongRun ? hostileStrings : someOfEachClass(classCount)
const nameOf = (text: string) => Array.from(text).slice(0, limits.nameLength).join('').trim()

describe.skipIf(findChromium() === undefined)('hostile strings', () => {
  let app: TestApp
  let testBrowser: TestBrowser
  const triggered: string[] = []

  beforeAll(async () => {
    app = await startTestApp()
    testBrowser = await launchTestBrowser()
  })
  afterAll(async () => {
    await testBrowser.close()
    await app.stop()
  })

  async function newProfileWithTrap(): Promise<BrowserContext> {
    const context = await testBrowser.newProfile()
    await context.exposeFunction(trap, () => triggered.push('called'))
    context.on('page', (page) => page.on('dialog', (dialog) => triggered.push(dialog.message())))
    return context
  }

  async function expectNothingRan(...pages: Page[]): Promise<void> {
    for (const page of pages) {
      await page.mouse.move(600, 300)
      expect(await page.title()).not.toBe('')
    }
    expect(triggered).toEqual([])
    expect(await testBrowser.closeProfiles(), 'browser complaints, policy violations included').toEqual([])
  }

  test('[T08] run where a page inserts them as HTML', async () => {
    const browser = await launchChromium()
    const page = await browser.newPage()
    let count = 0
    await page.exposeFunction(trap, () => count++)
    await page.setContent('<main></main>')
    for (const text of hostileStrings.filter((text) => text.startsWith('<img src=x onerror='))) {
      await page.evaluate((html) => {
        document.querySelector('main')?.insertAdjacentHTML('beforeend', html)
      }, text)
    }
    await expect.poll(() => count).toBeGreaterThan(3)
    await browser.close()
  })

  test('[T08] stay text in the console: names, emails, pages, subjects, messages, agents and sites', {
    timeout: 600_000,
  }, async () => {
    const conversations: number[] = []
    for (let from = 0; from < strings.length; from += 10) {
      conversations.push(...(await Promise.all(strings.slice(from, from + 10).map((text) => fill(text)))))
    }
    const admin = await newLogin(app, 'Ann', 'admin')
    const page = await logIn(await newProfileWithTrap(), app, admin, '/console/?view=all')
    for (const [index, text] of strings.entries()) {
      await page.evaluate((path) => {
        history.pushState(null, '', path)
        dispatchEvent(new PopStateEvent('popstate'))
      }, `/console/conversations/${conversations[index]}?view=all`)
      await page.waitForFunction(
        ({ name, text }) => {
          const said = [...document.querySelectorAll('[role=log] [data-status] p')].map((p) => p.textContent)
          const shown = document.querySelector('aside h2')?.textContent
          return shown === name && said.length === 2 && said.every((words) => words === text)
        },
        { name: nameOf(text), text },
      )
    }
    for (const path of ['agents', 'sites']) {
      await page.goto(`${app.url}/console/${path}`)
      await page
        .getByRole('main')
        .getByText(nameOf(strings[1] as string))
        .first()
        .waitFor()
    }
    await expectNothingRan(page)
  })

  test('[T08] stay text in the widget: agent names, messages, site name and greeting', {
    timeout: 600_000,
  }, async () => {
    const context = await newProfileWithTrap()
    const customer = await visit(context, `${app.url}/demo/`)
    await customer.open()
    await answerAll(customer)
    for (const text of loaded) {
      await app.db
        .updateTable('sites')
        .set({ name: nameOf(text) || 'Site', greeting: text })
        .execute()
      await customer.reload()
    }
    await expectNothingRan(customer.page)
  })

  /** A site, a customer with a conversation and an agent who replies, all with this text in every field. */
  async function fill(text: string): Promise<number> {
    const name = nameOf(text)
    await app.db
      .insertInto('sites')
      .values({ site_key: `s${Math.random().toString(36).slice(2)}`, name, greeting: text, origins: '' })
      .execute()
    const customer = await (await app.newCustomer({ name, email: text.slice(0, limits.emailLength) })).connect()
    const { conversation } = await customer.request('conversation:start', {
      subject: text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').slice(0, limits.subjectLength),
      page: {
        url: `https://shop.example/?${encodeURIComponent(text)}#${text.replace(/[\s\p{Cc}]/gu, '')}`,
        title: text.slice(0, limits.pageTitleLength),
      },
      message: { clientMessageId: 'm1', content: text },
    })
    const agent = await (await app.newAgent({ name })).connect()
    await agent.request('conversation:claim', { conversationId: conversation.id })
    await agent.request('message:send', { conversationId: conversation.id, clientMessageId: 'm2', content: text })
    for (const client of [customer, agent]) client.close()
    return conversation.id
  }

  /** The customer writes, and agents with these names reply one after another. */
  async function answerAll(customer: CustomerPage): Promise<void> {
    const admin = await (await app.newAgent({ role: 'admin' })).connect()
    await customer.write('Hello')
    const { conversation } = await admin.next('conversation:created')
    const conversationId = conversation.id
    await admin.request('conversation:claim', { conversationId })
    for (const [index, text] of strings.entries()) {
      const agentAccount = await app.newAgent({ name: nameOf(text) })
      const agent = await agentAccount.connect()
      await admin.request('conversation:transfer', { conversationId, agentId: agentAccount.id, anyway: true })
      await agent.request('message:send', { conversationId, clientMessageId: `a${index}`, content: text })
      agent.close()
    }
    await expect.poll(() => customer.words(), { timeout: 60_000 }).toEqual(['Hello', ...strings])
  }
})
