// What the console asks before a conversation goes to somebody who is offline, and before an agent with conversations
// is disabled. Both by keyboard, in both languages.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { AgentConversation } from '#protocol/entities.ts'
import { findViolations } from '../support/axe.ts'
import { logIn, newLogin } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import { chinese, english } from './screen-texts.ts'

const questions = [
  {
    words: english,
    offline: 'Li is offline. Transfer anyway or return it to the queue?',
    anyway: 'Transfer anyway',
    toQueue: 'Return to queue',
    disable: 'Disable',
    one: 'Anna has 1 conversation. It returns to the queue.',
    several: 'Anna has 2 conversations. They return to the queue.',
    disabled: 'Disabled',
  },
  {
    words: chinese,
    offline: 'Li 不在线。仍要转接，还是退回排队？',
    anyway: '仍要转接',
    toQueue: '退回排队',
    disable: '停用',
    one: 'Anna 有 1 个进行中的会话，将退回排队。',
    several: 'Anna 有 2 个进行中的会话，将退回排队。',
    disabled: '已停用',
  },
]

const dialogOf = (page: Page) => page.getByRole('dialog')
const focused = (page: Page) => page.evaluate(() => (document.activeElement as HTMLElement).innerText.trim())

/** Presses the button by keyboard. */
async function press(page: Page, name: string | RegExp) {
  const button = dialogOf(page).getByRole('button', { name, exact: true })
  await button.focus()
  await page.keyboard.press('Enter')
}

describe.skipIf(findChromium() === undefined)('an agent who is not there', () => {
  const fixture = useBrowserFixture()

  test.each(questions)('[CO15] [TR4] [WI13] is asked about before a transfer ($words.locale)', async (question) => {
    const { app, testBrowser } = fixture
    const { words } = question
    const li = await app.newAgent({ name: 'Li' })
    const { agent, conversationId } = await app.startConversation({ message: 'hello' })
    const read = async () =>
      (await agent.request('conversation:open', { conversationId })).conversation as AgentConversation
    const profile = await testBrowser.newProfile({ locale: words.locale })
    const page = await logIn(
      profile,
      app,
      await newLogin(app, 'Ann', 'admin'),
      `/console/conversations/${conversationId}`,
    )
    await page.getByRole('button', { name: words.claim }).click()
    const askToTransfer = async () => {
      await page.getByRole('button', { name: words.transfer, exact: true }).click()
      await dialogOf(page).getByRole('radio', { name: /^Li/ }).focus()
      await page.keyboard.press('Space')
      await page.keyboard.press('Enter')
      await dialogOf(page).getByText(question.offline).waitFor()
    }

    await askToTransfer()
    expect(await focused(page)).toBe(question.toQueue)
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialogOf(page).waitFor({ state: 'detached' })
    expect(await read()).toMatchObject({ status: 'pending', agent: { name: 'Ann' } })

    await askToTransfer()
    await page.keyboard.press('Enter')
    await dialogOf(page).waitFor({ state: 'detached' })
    expect(await read()).toMatchObject({ status: 'open', agent: null })

    await page.getByRole('button', { name: words.claim }).click()
    await askToTransfer()
    await press(page, question.anyway)
    await dialogOf(page).waitFor({ state: 'detached' })
    expect(await read()).toMatchObject({ status: 'pending', agent: { id: li.id } })
    await app.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', li.id).execute()
  })

  test.each(questions)(
    '[CO15a] [US9] [WI13] is disabled with the conversations announced ($words.locale)',
    async (question) => {
      const { app, testBrowser } = fixture
      const anna = await app.newAgent({ name: 'Anna' })
      const her = await anna.connect()
      const conversations = [
        await app.startConversation({ message: 'one' }),
        await app.startConversation({ message: 'two' }),
      ]
      const ids = conversations.map(({ conversationId }) => conversationId)
      await her.request('conversation:claim', { conversationId: ids[0] as number })
      const profile = await testBrowser.newProfile({ locale: question.words.locale })
      const page = await logIn(profile, app, await newLogin(app, 'Boss', 'admin'), '/console/agents')
      const row = page.getByRole('row').filter({ hasText: 'Anna' })
      await row.getByRole('button', { name: `${question.disable} Anna` }).focus()
      await page.keyboard.press('Enter')
      await dialogOf(page).getByText(question.one).waitFor()
      await her.request('conversation:claim', { conversationId: ids[1] as number })
      await dialogOf(page).getByText(question.several).waitFor()
      expect(await findViolations(page)).toEqual([])
      await press(page, question.disable)
      await dialogOf(page).waitFor({ state: 'detached' })
      await row.getByText(question.disabled).waitFor()
      for (const { agent, conversationId } of conversations) {
        const { conversation } = await agent.request('conversation:open', { conversationId })
        expect(conversation).toMatchObject({ status: 'open', agent: null })
      }
      await app.db.updateTable('users').set({ name: 'Former' }).where('id', '=', anna.id).execute()
    },
  )

  test('[US9] is not disabled when the console does not know of the conversations yet', async () => {
    const { app, testBrowser } = fixture
    const anna = await app.newAgent({ name: 'Anna' })
    const { agent, conversationId } = await app.startConversation({ message: 'hello' })
    const page = await logIn(
      await testBrowser.newProfile(),
      app,
      await newLogin(app, 'Boss', 'admin'),
      '/console/agents',
    )
    // Without an event.
    await app.db
      .updateTable('conversations')
      .set({ status: 'pending', agent_id: anna.id, queued_at: null })
      .where('id', '=', conversationId)
      .execute()
    const row = page.getByRole('row').filter({ hasText: 'Anna' })
    await row.getByRole('button', { name: 'Disable Anna' }).click()
    await press(page, 'Disable')
    await dialogOf(page).getByText('Anna has 1 conversation. It returns to the queue.').waitFor()
    expect((await anna.call('GET', '/me')).status).toBe(200)
    await press(page, 'Disable')
    await row.getByText('Disabled').waitFor()
    expect((await agent.request('conversation:open', { conversationId })).conversation.status).toBe('open')
  })
})
