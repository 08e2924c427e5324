// Tests that build on each other: after a failed step, the rest of its file or group is skipped.

import { beforeEach } from 'vitest'

/** Call it inside the describe. */
export function runInSteps(): void {
  let isBroken = false
  beforeEach(({ onTestFinished, skip, task }) => {
    // A retry of the failed step itself still runs.
    skip(isBroken && !task.result?.retryCount)
    onTestFinished(() => {
      isBroken = task.result?.state === 'fail'
    })
  })
}
