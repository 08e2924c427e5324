// The fixture of a browser test file: a Kefu, and a browser whose profiles must not report errors.

import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { startTestApp, type TestApp } from './app.ts'
import { openStage, type Stage } from './browser.ts'

export interface Theatre {
  app: TestApp
  stage: Stage
}

/** Call it in a `describe`. Its fields are filled before the first test; all profiles close after each test. */
export function openTheatre(): Theatre {
  const theatre = {} as Theatre
  beforeAll(async () => {
    theatre.app = await startTestApp()
    theatre.stage = await openStage()
  })
  afterEach(async () => {
    expect(await theatre.stage.leave(), '[WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await theatre.stage.close()
    await theatre.app.stop()
  })
  return theatre
}
