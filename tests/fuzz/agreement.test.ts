// After any sequence of actions, the state that each client has built from replies and events equals the state that
// it would load.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { requestSchemas } from '#protocol/requests.ts'
import { isLongRun, seed } from '../support/scale.ts'
import { type Action, actions } from './actions.ts'
import { startWorld, type World } from './world.ts'

const sequences = isLongRun ? 1_000 : 100
/** Published at the latest after serverLimits.conversationUpdateMs; the rest allows for a busy machine. */
const publishedWithinMs = serverLimits.conversationUpdateMs + 4_000

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())

/** Resolves when every client shows what it would load. On timeout it throws the first difference. */
async function waitForAgreement(): Promise<void> {
  const giveUpAt = performance.now() + publishedWithinMs
  // A cheap check. When it fails, the snapshots below show the difference.
  await vi.waitUntil(world.isUpToDate, { interval: 10, timeout: publishedWithinMs }).catch(() => undefined)
  for (const client of world.clients) {
    await expect
      .poll(async () => ({ shown: client.shown(), fetched: await client.fetched() }), {
        interval: 20,
        timeout: Math.max(0, giveUpAt - performance.now()),
      })
      .toSatisfy(({ shown, fetched }) => {
        expect(shown).toEqual(fetched)
        return true
      })
  }
}

test(`[FZ1] after ${sequences} random sequences of requests, every client shows what it would load (seed ${seed})`, {
  timeout: isLongRun ? 20 * 60_000 : 200_000,
}, async () => {
  const property = fc.asyncProperty(actions, async (sequence: Action[]) => {
    await world.perform(sequence)
    await waitForAgreement()
  })
  await fc.assert(property, {
    numRuns: sequences,
    seed,
    interruptAfterTimeLimit: isLongRun ? 18 * 60_000 : 180_000,
    markInterruptAsFailure: true,
  })
  const silent = Object.keys(requestSchemas).filter((name) => !world.replies.get(name)?.ok)
  expect(silent).toEqual([])
})
