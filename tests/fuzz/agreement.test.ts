// What people are told is what they would see if they asked: after any sequence of actions, the state that each side has built from
// answers and events equals the state fetched anew.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { requestSchemas } from '#protocol/requests.ts'
import { isLongRun, seed } from '../support/scale.ts'
import { type Action, actions } from './actions.ts'
import { startWorld, type World } from './world.ts'

const sequences = isLongRun ? 1_000 : 100
/** Told at the latest after serverLimits.conversationUpdateMs; the rest is for a busy machine. */
const toldWithinMs = serverLimits.conversationUpdateMs + 4_000

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())

/** Resolves once every side shows what it would fetch; throws the first difference when that takes too long. */
async function agreed(): Promise<void> {
  const giveUpAt = performance.now() + toldWithinMs
  // Cheap to ask; where it fails, the pictures below say how.
  await vi.waitUntil(world.isAllTold, { interval: 10, timeout: toldWithinMs }).catch(() => undefined)
  for (const side of world.sides) {
    await expect
      .poll(async () => ({ shown: side.shown(), fetched: await side.fetched() }), {
        interval: 20,
        timeout: Math.max(0, giveUpAt - performance.now()),
      })
      .toSatisfy(({ shown, fetched }) => {
        expect(shown).toEqual(fetched)
        return true
      })
  }
}

test(`[FZ1] ${sequences} random sequences over every request: what each side was told is what it would fetch (seed ${seed})`, {
  timeout: isLongRun ? 20 * 60_000 : 200_000,
}, async () => {
  const property = fc.asyncProperty(actions, async (sequence: Action[]) => {
    await world.perform(sequence)
    await agreed()
  })
  await fc.assert(property, {
    numRuns: sequences,
    seed,
    interruptAfterTimeLimit: isLongRun ? 18 * 60_000 : 180_000,
    markInterruptAsFailure: true,
  })
  const silent = Object.keys(requestSchemas).filter((name) => !world.answered.get(name)?.ok)
  expect(silent).toEqual([])
})
