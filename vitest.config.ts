// How the tests run: on Node, against a real database server that is started once for all of them.

import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What promises times of its own: they are measured when nothing else of ours is at work. */
const alone = [
  'tests/attacks/attacks.test.ts',
  'tests/browser/tab-latency.test.ts',
  'tests/chaos/catch-up.test.ts',
  'tests/operations/crashes.test.ts',
  'tests/operations/start-and-stop.test.ts',
]

/** What takes longest, much of it waiting: begun last it would keep all others waiting for it alone. */
const longest = [
  'chaos/chaos',
  'accounts/returning-customers',
  'attachments/upload-budgets',
  'browser/accessibility',
  'nodes/',
  'authorization/mutations',
  'operations/',
  'accounts/guessing',
  'database/killed-preparation',
  'chaos/',
  'fuzz/',
  'browser/',
]

/** Tests of the files that plain Socket.IO serves without. */
const fastSocketIoTests = ['request-interceptor', 'write-coalescing', 'idle-connections'].map(
  (name) => `tests/realtime/${name}.test.ts`,
)

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((name) => moduleId.includes(`/tests/${name}`))
      return found < 0 ? longest.length : found
    }
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    globalSetup: ['tests/support/database-server.ts'],
    provide: { fastSocketIo: true, optimisticAppend: true },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['tests/**/*.test.{ts,tsx}'],
          exclude: alone,
          // Tests mostly wait for leases, grace periods and heads, so four concurrent files fill two cores.
          maxWorkers: 4,
          // No module keeps state of a test, and reloading all modules for each file is an eighth of the work.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'plain Socket.IO',
          include: ['tests/realtime/**/*.test.ts'],
          exclude: fastSocketIoTests,
          provide: { fastSocketIo: false },
          maxWorkers: 4,
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'locked appends',
          include: ['tests/messages/**/*.test.ts', 'tests/conversations/**/*.test.ts'],
          // The first tests the optimistic append itself. Of the second, two copies would make a hundred agents claim
          // together.
          exclude: ['tests/messages/optimistic-append.test.ts', 'tests/conversations/claim-conversation.test.ts'],
          provide: { optimisticAppend: false },
          maxWorkers: 4,
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    sequence: { sequencer: LongestFirst },
    // Real browsers, processes and databases on a busy machine are sometimes late. What is waited for is waited for
    // this long; how soon something has to be there is said where it is promised.
    expect: { poll: { timeout: 20_000, interval: 50 } },
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // A slow test is worth a look long before it fails.
    slowTestThreshold: 2_000,
  },
})
