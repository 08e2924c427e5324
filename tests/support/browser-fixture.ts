// What a file of browser tests has for itself: a Kefu, and a browser in whose profiles nothing may go wrong.

import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { startTestApp, type TestApp } from './app.ts'
import { openStage, type Stage } from './browser.ts'

export interface Theatre {
  app: TestApp
  stage: Stage
}

/** For the `describe` that it is called in. What it answers is filled before the first test; all profiles end with each test. */
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
