// The customer's side of the main job in a real browser, with a real agent at the other end, in both languages.

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { openShop, type Shop, type Visit, type VisitOptions } from '../support/shop.ts'

const english = {
  locale: 'en-US',
  away: 'Nobody is here right now',
  mail: 'Mail address',
  save: 'Save',
  saved: 'We can answer you at li@shop.example.',
  sent: 'Sent',
  read: 'Read',
  here: 'We usually answer in a few minutes',
  withAgent: 'You are talking to Ann',
  typing: 'Ann is typing…',
  closed: 'This conversation is closed. Write again and it goes on.',
  unread: 'Talk to us, 1 unread message',
}
const chinese: typeof english = {
  locale: 'zh-CN',
  away: '客服暂时不在线',
  mail: '邮箱地址',
  save: '保存',
  saved: '我们会回复到 li@shop.example。',
  sent: '已发送',
  read: '已读',
  here: '我们通常几分钟内回复',
  withAgent: 'Ann 正在为您服务',
  typing: 'Ann 正在输入…',
  closed: '本次会话已结束。再次发送消息即可继续。',
  unread: '联系客服，1 条未读消息',
}

describe.skipIf(findChromium() === undefined)('the customer’s conversation', () => {
  let app: TestApp
  let browser: Browser
  let shop: Shop
  const agents: Client[] = []

  beforeAll(async () => {
    app = await startTestApp()
    browser = await launchChromium()
    shop = await openShop(app, browser)
    await app.db.updateTable('sites').set({ origins: shop.origin }).where('site_key', '=', app.siteKey).execute()
  })
  afterAll(async () => {
    await browser.close()
    await shop.close()
    await app.stop()
  })

  async function newAgent(): Promise<Client> {
    const agent = await (await app.newAgent({ name: 'Ann' })).connect()
    agents.push(agent)
    return agent
  }

  /** A customer who has written `text`, and an agent who has claimed it. */
  async function talk(
    text: string,
    options?: VisitOptions,
  ): Promise<Visit & { agent: Client; conversationId: number }> {
    const visit = await shop.visit(options)
    await visit.launcher.click()
    await visit.composer.waitFor()
    const agent = await newAgent()
    const begun = agent.next('conversation:created')
    await visit.write(text)
    const { conversation } = await begun
    await agent.request('conversation:claim', { conversationId: conversation.id })
    await agent.request('conversation:open', { conversationId: conversation.id })
    return { ...visit, agent, conversationId: conversation.id }
  }

  const say = (agent: Client, conversationId: number, content: string) =>
    agent.request('message:send', { conversationId, clientMessageId: `a${Math.random()}`.replace('.', ''), content })

  test.each([english, chinese])('the whole of it in $locale', async (words) => {
    for (const agent of agents) await agent.request('agent:set-status', { status: 'offline' })
    const { page, launcher, frame, composer, write, complaints } = await shop.visit({ locale: words.locale })
    const seen = (text: string) => frame.getByText(text, { exact: true }).first().waitFor()

    await launcher.click()
    await seen(words.away)
    await frame.getByLabel(words.mail).fill('li@shop.example')
    await frame.getByRole('button', { name: words.save }).click()
    await seen(words.saved)

    const agent = await newAgent()
    await seen(words.here)
    await write('您好,我想咨询产品问题')
    await seen(words.sent)
    const { conversation } = await agent.next('conversation:created')
    const conversationId = conversation.id
    expect(conversation).toMatchObject({
      customer: { email: 'li@shop.example', language: words.locale === 'zh-CN' ? 'zh-CN' : 'en' },
      page: { url: `${shop.origin}/`, title: 'Teas' },
    })

    await agent.request('conversation:claim', { conversationId })
    await seen(words.withAgent)
    await agent.request('conversation:open', { conversationId })
    await agent.request('message:mark-read', { conversationId, seq: 1 })
    await seen(words.read)
    await agent.request('typing:set', { conversationId, typing: true })
    await seen(words.typing)
    await say(agent, conversationId, '当然可以')
    await seen('当然可以')
    expect(await frame.getByText(words.typing).count()).toBe(0)
    expect(await agent.next('receipt:updated', (receipt) => receipt.readerRole === 'customer')).toMatchObject({
      seq: 2,
    })

    await composer.pressSequentially('头春')
    await agent.next('typing:changed', ({ preview }) => preview === '头春')
    await composer.press('Enter')
    await agent.next('typing:changed', ({ typing }) => !typing)

    await agent.request('conversation:close', { conversationId })
    await seen(words.closed)
    await write('还有一个问题')
    await seen(words.withAgent)
    await page.reload()
    await seen('还有一个问题')
    expect(await frame.locator('[data-status] p').allTextContents()).toEqual([
      '您好,我想咨询产品问题',
      '当然可以',
      '头春',
      '还有一个问题',
    ])

    await launcher.click()
    await say(agent, conversationId, 'one more')
    await page.getByRole('button', { name: words.unread }).waitFor()
    expect(complaints).toEqual([])
  })

  test('what is written without a network is shown, kept over a reload of the page, and sent once, in order', async () => {
    const { page, frame, write, composer, conversationId } = await talk('before')
    const context = page.context()
    await context.setOffline(true)
    await frame.getByText('No connection.').waitFor({ timeout: 10_000 })
    await write('one')
    await write('two')
    await composer.fill('a draft')
    await frame.getByText('Sending').first().waitFor()
    await context.setOffline(false)
    await page.reload()
    await vi.waitFor(
      async () => {
        const stored = await app.storedMessages(conversationId)
        expect(stored.map(({ content }) => content)).toEqual(['before', 'one', 'two'])
      },
      { timeout: 10_000, interval: 200 },
    )
    expect(await composer.inputValue()).toBe('a draft')
  })

  test('Enter that ends a composition sends nothing; Shift+Enter begins a line', async () => {
    const { composer, page, conversationId, frame } = await talk('first')
    await composer.fill('拼音')
    for (const key of [{ isComposing: true }, { keyCode: 229 }]) {
      await composer.dispatchEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...key })
    }
    expect(await composer.inputValue()).toBe('拼音')
    await composer.press('Shift+Enter')
    await page.keyboard.type('line')
    await composer.press('Enter')
    await frame.getByText('拼音\nline', { exact: true }).waitFor()
    const stored = async () => (await app.storedMessages(conversationId)).map(({ content }) => content)
    await expect.poll(stored).toEqual(['first', '拼音\nline'])
  })

  test('what anybody writes stays text, and only its web links can be followed', async () => {
    const { agent, conversationId, frame } = await talk('hello')
    await say(agent, conversationId, '<img src=x onerror=alert(1)> javascript:alert(1) https://shop.example/a')
    await frame.getByRole('link').waitFor()
    expect(await frame.getByRole('link').evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href))).toEqual([
      'https://shop.example/a',
    ])
    expect(await frame.getByRole('link').getAttribute('rel')).toBe('noopener noreferrer nofollow')
    expect(await frame.locator('img').count()).toBe(0)
  })

  test('two tabs show the same, and only what is in sight counts as read', async () => {
    const first = await talk('hello')
    const second = await shop.visit({ beside: first })
    await second.launcher.click()
    await second.frame.getByText('hello', { exact: true }).waitFor()
    await second.write('from the second tab')
    await first.frame.getByText('from the second tab', { exact: true }).waitFor()
    for (const tab of [first, second]) await tab.kefu('close')
    await say(first.agent, first.conversationId, 'an answer')
    await first.page.getByRole('button', { name: '1 unread message' }).waitFor()
    expect((await app.storedMessages(first.conversationId)).at(-1)?.isRead).toBe(false)
    await second.page.bringToFront()
    await second.launcher.click()
    await vi.waitFor(
      async () => expect((await app.storedMessages(first.conversationId)).at(-1)?.isRead).toBe(true),
      5_000,
    )
    await first.page.getByRole('button', { name: 'Talk to us', exact: true }).waitFor()
  })
})
