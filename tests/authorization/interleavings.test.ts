// Random interleavings of slow bodies, revocations, role changes and renewed tokens: forty in `npm test`, a thousand
// in `npm run test:long`.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRandom } from '../chaos/random.ts'
import { startTestApp } from '../support/app.ts'
import { isLongRun, seed } from '../support/scale.ts'
import { type RunLog, runInterleaving, type World } from './interleaving.ts'

const runs = isLongRun ? 1_000 : 40
/** In parallel, so that their messages share batches. */
const lanes = 4

let world: World
beforeAll(async () => {
  const app = await startTestApp()
  world = { app, root: await app.newAgent({ role: 'admin' }) }
})
afterAll(() => world.app.stop())

it(`[AZ9] [S5] [S23] in ${runs} random interleavings nothing is written after the reply to a revocation (SEED=${seed})`, {
  timeout: 1_800_000,
  retry: 0,
}, async () => {
  const random = createRandom(seed)
  const chances = Array.from({ length: runs }, () => random.fork())
  const stories: RunLog[] = []
  let next = 0
  const lane = async () => {
    for (let number = next++; number < runs; number = next++) {
      const story = await runInterleaving(world, chances[number] as typeof random, number)
      stories.push(story)
      if (story.violations.length > 0) {
        throw new Error(`SEED=${seed}, run ${number}\n${story.violations.join('\n')}\n${story.log.join('\n')}`)
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const sum = (of: (story: RunLog) => number) => stories.reduce((all, story) => all + of(story), 0)
  // A run in which everything or nothing is refused proves nothing.
  expect(
    sum(({ done }) => done),
    `SEED=${seed}`,
  ).toBeGreaterThan(runs)
  expect(
    sum(({ refused }) => refused),
    `SEED=${seed}`,
  ).toBeGreaterThan(runs)
})
