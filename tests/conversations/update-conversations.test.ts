// The unit of work on several conversations at a time. Requests change one at a time; their tests cover that.

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { touchConversations } from '../../server/conversation-state/touch-conversations.ts'
import { requeue } from '../../server/conversation-state/transitions.ts'
import {
  inUnitOfWork,
  type OnCommit,
  updateConversations,
} from '../../server/conversation-state/update-conversations.ts'
import { AppError } from '../../server/shared/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function assigned(): Promise<number> {
  const { conversationId, agent } = await app.startConversation({ message: 'hello' })
  await agent.request('conversation:claim', { conversationId })
  return conversationId
}

const release = (before: LockedConversation) => ({
  before,
  after: { ...before, ...requeue(before.now), version: before.version + 1 },
})

const statusOf = async (id: number) =>
  (await app.db.selectFrom('conversations').select('status').where('id', '=', id).executeTakeFirstOrThrow()).status

it('locks, decides, saves and commits in two round trips, then caches, then publishes', async () => {
  const ids = [await assigned(), await assigned(), await assigned()]
  const [one = 0, two = 0, other = 0] = ids
  const steps: string[] = []
  const onCommit: OnCommit = (conversations) => {
    steps.push(`cache ${conversations.map(({ before, after }) => after.version - before.version)}`)
  }
  const trips = await recordRoundTrips(async () => {
    const released = await inUnitOfWork({ db: app.db, onCommit }, ({ update, afterCommit }) => {
      afterCommit(() => void steps.push('publish'))
      return update(ids, (locked) => {
        steps.push('decide')
        const changes = [...locked.values()].filter(({ id }) => id !== other).map(release)
        return { changes, result: changes.map(({ after }) => after.id) }
      })
    })
    expect(released).toEqual([one, two])
  })
  // The node itself renews its lease and reconciles meanwhile.
  expect(trips.filter((packet) => /for update$|update conversations/.test(packet))).toEqual([
    expect.stringMatching(/^begin;select .* for update$/s),
    expect.stringMatching(/^[^;]*update conversations [^;]*;commit$/),
  ])
  // The third was only read, which the cache learns too.
  expect(steps).toEqual(['decide', 'cache 1,1,0', 'publish'])
  expect(await Promise.all(ids.map(statusOf))).toEqual(['open', 'open', 'pending'])
})

it('changes, caches and publishes nothing when it rejects one of them', async () => {
  const ids = [await assigned(), await assigned()]
  const update = updateConversations(
    {
      db: app.db,
      onCommit: () => {
        throw new Error('nothing was committed')
      },
    },
    ids,
    (locked) => {
      if (locked.has(ids[1] as number)) throw new AppError('conflict', 'Not this one.')
      return { changes: [...locked.values()].map(release), result: undefined }
    },
  )
  await expect(update).rejects.toMatchObject({ code: 'conflict' })
  expect(await Promise.all(ids.map(statusOf))).toEqual(['pending', 'pending'])
})

it('gives touched conversations a new version, in the given order, and ignores an id that does not exist', async () => {
  const [one, two] = [await assigned(), await assigned()]
  const versions = async () =>
    (
      await app.db.selectFrom('conversations').select('version').where('id', 'in', [one, two]).orderBy('id').execute()
    ).map(({ version }) => version)
  const before = await versions()
  const touched = await inUnitOfWork(app, (unit) => touchConversations(unit, [two, 1_000_000_000, one]))
  expect(touched).toEqual([two, one])
  expect(await versions()).toEqual(before.map((version) => version + 1))
})
