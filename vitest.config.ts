// How the tests run: on Node, against a real database server that is started once for all of them.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    globalSetup: ['tests/support/database-server.ts'],
    maxWorkers: 2,
    // Real browsers, processes and databases on a busy machine are sometimes late. A test that fails three times in a row fails.
    retry: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A slow test is worth a look long before it fails.
    slowTestThreshold: 2_000,
  },
})
