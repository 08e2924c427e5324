// An agent whose connection was away for a while: what is new since then is announced once, in the background tab too.

import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { logIn, moveToBackground, newLogin } from '../support/browser.ts'
import { useBrowserFixture } from '../support/browser-fixture.ts'
import { findChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { installNetwork, type Network } from '../support/network.ts'

interface Announced {
  notifications: { title: string; body: string }[]
  sounds: number
}

/** Records notifications and sounds in place of the browser. */
async function recordAlerts(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const announced: Announced = { notifications: [], sounds: 0 }
    class Notification {
      static permission = 'granted'
      onclick: unknown
      constructor(title: string, { body }: { body: string }) {
        announced.notifications.push({ title, body })
      }
      close() {}
    }
    const schedule = AudioContext.prototype.createOscillator
    AudioContext.prototype.createOscillator = function () {
      // A sound has two notes.
      announced.sounds += 0.5
      return schedule.call(this)
    }
    Object.assign(window, { Notification, announced })
  })
}

const announcedOn = (page: Page) => page.evaluate(() => (window as unknown as { announced: Announced }).announced)
const titlesOn = async (page: Page) => (await announcedOn(page)).notifications.map(({ title }) => title)

describe.skipIf(findChromium() === undefined)('after a connection gap', () => {
  const fixture = useBrowserFixture()
  let profile: BrowserContext
  let network: Network
  let console: Page
  let agentId: number
  let clients: Client[]
  let back: () => Promise<void>

  /** A customer who writes; resolves once it is stored. */
  async function newCustomerWrites(name: string, content: string) {
    const client = await (await fixture.app.newCustomer({ name })).connect()
    clients.push(client)
    const { conversation } = await client.request('conversation:start', { message: { clientMessageId: 'm', content } })
    return { client, conversationId: conversation.id }
  }

  async function newOwnConversation(name: string, content: string) {
    const started = await newCustomerWrites(name, content)
    const colleague = await (await fixture.app.newAgent()).connect()
    clients.push(colleague)
    await colleague.request('conversation:claim', { conversationId: started.conversationId })
    await colleague.request('conversation:transfer', { conversationId: started.conversationId, agentId })
    return started
  }

  const connections = () => fixture.app.connections.count()

  /** Runs `meanwhile` without a connection of the browser. */
  async function inGap(meanwhile: () => Promise<unknown>) {
    network.cut()
    await expect.poll(connections).toBe(clients.length)
    await meanwhile()
    network.restore()
  }

  /** Something that is announced in any case, after everything before it. */
  async function seesLater(page: Page) {
    await expect.poll(connections).toBeGreaterThan(clients.length)
    await newCustomerWrites('Zoe', 'later')
    await expect.poll(() => titlesOn(page)).toContain('Zoe is waiting')
  }

  beforeEach(async () => {
    const { app, testBrowser } = fixture
    clients = []
    await expect.poll(connections).toBe(0)
    profile = await testBrowser.newProfile()
    await recordAlerts(profile)
    network = await installNetwork(profile)
    // A session that begins with polling would outlast the cut.
    await profile.route(/transport=polling/, (route) => route.abort('internetdisconnected'))
    const login = await newLogin(app, 'Ann')
    agentId = login.id
    console = await logIn(profile, app, login)
    back = await moveToBackground(console)
  })
  afterEach(async () => {
    for (const client of clients) client.close()
    await fixture.app.db.updateTable('conversations').set({ status: 'closed', closed_at: new Date() }).execute()
  })

  test('[CO13] [F6] a customer who came meanwhile is announced, by sound and notification', async () => {
    await inGap(() => newCustomerWrites('Mei', 'is anybody there?'))
    await expect.poll(() => titlesOn(console)).toEqual(['Mei is waiting'])
    expect(await announcedOn(console)).toEqual({
      notifications: [{ title: 'Mei is waiting', body: 'is anybody there?' }],
      sounds: 1,
    })
  })

  test('[CO13] [F6] several are gathered: new customers, an own conversation, a transfer', async () => {
    const own = await newOwnConversation('Bo', 'hello')
    await expect.poll(() => titlesOn(console)).toHaveLength(2)
    const before = await announcedOn(console)
    await inGap(async () => {
      await newCustomerWrites('Mei', 'one')
      await newCustomerWrites('Li', 'two')
      await own.client.request('message:send', {
        conversationId: own.conversationId,
        clientMessageId: 'n',
        content: 'are you there?',
      })
      await newOwnConversation('Wu', 'three')
    })
    await expect.poll(() => titlesOn(console)).toHaveLength(3)
    const after = await announcedOn(console)
    expect(after.notifications.at(-1)?.title).toBe('4 conversations need you')
    for (const name of ['Mei', 'Li', 'Bo', 'Wu']) expect(after.notifications.at(-1)?.body).toContain(name)
    expect(after.sounds).toBeLessThanOrEqual(before.sounds + 1)
  })

  test('[CO13] [F6] nothing is announced twice, however often the connection is lost', async () => {
    await newCustomerWrites('Mei', 'hello')
    await expect.poll(() => titlesOn(console)).toEqual(['Mei is waiting'])
    await inGap(async () => undefined)
    await expect.poll(connections).toBeGreaterThan(clients.length)
    await inGap(() => newCustomerWrites('Li', 'hello'))
    await expect.poll(() => titlesOn(console)).toHaveLength(2)
    await inGap(async () => undefined)
    await seesLater(console)
    expect(await titlesOn(console)).toEqual(['Mei is waiting', 'Li is waiting', 'Zoe is waiting'])
  })

  test('[CO13] [F6] what is on the screen is not announced', async () => {
    await back()
    const own = await newOwnConversation('Bo', 'hello')
    await console.goto(`${fixture.app.url}/console/conversations/${own.conversationId}?view=mine`)
    await console.getByRole('log').getByText('hello', { exact: true }).waitFor()
    await inGap(() =>
      own.client.request('message:send', {
        conversationId: own.conversationId,
        clientMessageId: 'n',
        content: 'on the screen',
      }),
    )
    await console.getByRole('log').getByText('on the screen', { exact: true }).waitFor()
    await seesLater(console)
    expect(await titlesOn(console)).toEqual(['Zoe is waiting'])
  })

  test('[CO13] [F6] of two tabs one announces it', async () => {
    const second = await profile.newPage()
    await second.goto(`${fixture.app.url}/console/`)
    await second.getByRole('button', { name: /Online/ }).waitFor()
    await back()
    back = await moveToBackground(second)
    await inGap(async () => {
      await newCustomerWrites('Mei', 'one')
      await newCustomerWrites('Li', 'two')
    })
    const titles = async () => [...(await titlesOn(console)), ...(await titlesOn(second))]
    await expect.poll(titles).toEqual(['2 conversations need you'])
    await newCustomerWrites('Zoe', 'later')
    await expect.poll(titles).toContain('Zoe is waiting')
    expect(await titles()).toHaveLength(2)
  })
})
