// Only the unit of work locks and saves conversations, so that none is changed without its cache and its events.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const server = new URL('../../server/', import.meta.url).pathname

test('only update-conversations.ts locks or saves a conversation', () => {
  const files = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const lockOrSave = /\b(lockConversations|saveConversations|executeInOneRoundTrip)\b/
  const found = files.filter((file) => lockOrSave.test(readFileSync(join(server, file), 'utf8')))
  expect(found).toEqual(['conversation-state/update-conversations.ts'])
})
