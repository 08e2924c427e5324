// Tests of one file or group that tell one story: each step stands on the one before it, so what follows a failed step is skipped.

import { beforeEach } from 'vitest'

/** Call within the describe of the story. */
export function tellInSteps(): void {
  let isBroken = false
  beforeEach(({ onTestFinished, skip, task }) => {
    // One that is tried again is the broken step itself.
    skip(isBroken && !task.result?.retryCount)
    onTestFinished(() => {
      isBroken = task.result?.state === 'fail'
    })
  })
}
