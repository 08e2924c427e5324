// Several tabs of one customer in a conversation, and the messages that the database stores.

import type { BrowserContext } from 'playwright-core'
import type { TestApp } from '../support/app.ts'
import { type CustomerPage, visit } from '../support/browser.ts'
import { english } from './screen-texts.ts'

export const sending = 'Sending'

/** Opens `count` tabs. In the first one the customer has sent `first`. */
export async function openTabs(
  app: TestApp,
  context: BrowserContext,
  count: number,
  first: string,
): Promise<CustomerPage[]> {
  const tabs: CustomerPage[] = []
  for (let tab = 0; tab < count; tab++) {
    const customer = await visit(context, `${app.url}/demo/`)
    await customer.open()
    if (tab === 0) await customer.write(first)
    await customer.sees(first)
    await customer.sees(english.sent)
    tabs.push(customer)
  }
  return tabs
}

/** `first` and every message stored since, in all conversations. */
export async function storedAfter(app: TestApp, first: string): Promise<string[]> {
  const rows = await app.db.selectFrom('messages').select('content').orderBy('id').execute()
  const all = rows.map(({ content }) => content)
  return all.slice(all.lastIndexOf(first))
}

/** Waits until no message is in flight. */
export async function seesAllSent(customer: CustomerPage): Promise<void> {
  await customer.frame.getByText(sending).waitFor({ state: 'detached' })
}
