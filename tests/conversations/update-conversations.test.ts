// The unit of work on several conversations at a time. Requests change one at a time; their tests cover that.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { requeue } from '../../server/conversation-state/transitions.ts'
import { updateConversations } from '../../server/conversation-state/update-conversations.ts'
import { AppError } from '../../server/shared/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function assigned() {
  const started = await app.startConversation({ message: 'hello' })
  await started.agent.request('conversation:claim', { conversationId: started.conversationId })
  return started
}

it('updates conversations with one lock, one update and one commit, then caches and publishes those that changed', async () => {
  const [one, two, other] = [await assigned(), await assigned(), await assigned()]
  const ids = [one.conversationId, two.conversationId, other.conversationId]
  const trips = await recordRoundTrips(async () => {
    const updated = await updateConversations(
      app,
      ids,
      (conversation) => (conversation && conversation.id !== other.conversationId ? requeue(conversation.now) : null),
      { change: 'released' },
    )
    expect([...updated.values()].map(({ record }) => record.status)).toEqual(['open', 'open', 'pending'])
  })
  expect(trips.filter((packet) => packet.includes('for update'))).toHaveLength(1)
  expect(trips.filter((packet) => packet.includes('update conversations'))).toHaveLength(1)
  for (const { customer, conversationId } of [one, two]) {
    const { conversation } = await customer.next('conversation:updated', ({ change }) => change === 'released')
    expect([conversation.id, conversation.status]).toEqual([conversationId, 'open'])
    expect(app.publishedVersions.get(conversationId)).toBe(conversation.version)
    expect(app.conversationCache.get(conversationId)?.version).toBe(conversation.version)
  }
  expect(other.customer.all('conversation:updated').map(({ change }) => change)).not.toContain('released')
})

it('changes nothing when it rejects one of them', async () => {
  const [one, two] = [await assigned(), await assigned()]
  const update = updateConversations(
    app,
    [one.conversationId, two.conversationId],
    (conversation) => {
      if (conversation?.id === two.conversationId) throw new AppError('conflict', 'Not this one.')
      return conversation ? requeue(conversation.now) : null
    },
    { change: 'released' },
  )
  await expect(update).rejects.toMatchObject({ code: 'conflict' })
  const { conversation } = await one.agent.request('conversation:open', { conversationId: one.conversationId })
  expect(conversation.status).toBe('pending')
})
