// Random interleavings of tabs, delays, lost replies, restarts and two nodes, for each token that rotates: 200 in
// `npm test`, 10,000 in `npm run test:long`.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { IdentitySecretReply } from '#protocol/http.ts'
import { createRandom } from '../chaos/random.ts'
import { startTestApp } from '../support/app.ts'
import { isLongRun, seed } from '../support/scale.ts'
import type { LockKind } from './rotation/browser.ts'
import { type Outcome, runInterleaving, type World } from './rotation/interleaving.ts'

const runs = isLongRun ? 10_000 : 200
/** In parallel, on customers and agents of their own. */
const lanes = 4

describe('rotating tokens', () => {
  let world: World
  beforeAll(async () => {
    const first = await startTestApp()
    const second = await startTestApp({ restartOf: first })
    const admin = await first.newAgent({ role: 'admin' })
    const { id } = await first.db
      .selectFrom('sites')
      .select('id')
      .where('site_key', '=', first.siteKey)
      .executeTakeFirstOrThrow()
    const { body } = await admin.call('POST', `/sites/${id}/identity-secret`, {})
    // The dictionary of the pages sets the language of the document.
    vi.stubGlobal('document', { documentElement: {} })
    const { openCustomerSession } = await import('../../client-web/widget/customer-session.ts')
    const { openLoginSession } = await import('../../client-web/console/session/session.ts')
    world = {
      nodes: [first, second],
      site: { key: first.siteKey, secret: (body as IdentitySecretReply).secret },
      openCustomerSession,
      openLoginSession,
    }
  })
  afterAll(async () => {
    vi.unstubAllGlobals()
    await world.nodes[1].stop()
    await world.nodes[0].stop()
  })

  it.each([
    {
      role: 'customer',
      promise: '[CS2] [ID4] [F1] loses no customer and no unsent text',
      kinds: ['web locks', 'lease', 'none'],
    },
    // A browser that blocks the lease blocks the cookie too.
    { role: 'agent', promise: '[AU4] [F1] logs nobody out', kinds: ['web locks', 'lease'] },
  ] as const)(
    `the token of a $role: $promise in ${runs / 2} random interleavings (SEED=${seed})`,
    {
      timeout: 3_600_000,
      retry: 0,
    },
    async ({ role, kinds }) => {
      const random = createRandom(seed)
      const chances = Array.from({ length: runs / 2 }, () => random.fork())
      const outcomes: Outcome[] = []
      let next = 0
      const lane = async () => {
        for (let number = next++; number < chances.length; number = next++) {
          const kind = kinds[number % kinds.length] as LockKind
          const outcome = await runInterleaving(world, chances[number] as typeof random, role, kind)
          outcomes.push(outcome)
          if (outcome.violations.length > 0)
            throw new Error(`SEED=${seed}, run ${number}\n${outcome.violations.join('\n')}\n${outcome.log.join('\n')}`)
        }
      }
      await Promise.all(Array.from({ length: lanes }, lane))
      // A run without calls proves nothing.
      expect(outcomes.reduce((sum, { served }) => sum + served, 0)).toBeGreaterThan(4 * chances.length)
    },
  )
})
