// The fixture of a browser test file: a Kefu, and a browser whose profiles must not report errors.

import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { startTestApp, type TestApp } from './app.ts'
import { launchTestBrowser, type TestBrowser } from './browser.ts'

export interface BrowserFixture {
  app: TestApp
  testBrowser: TestBrowser
}

/** Call it in a `describe`. Its fields are filled before the first test; all profiles close after each test. */
export function useBrowserFixture(): BrowserFixture {
  const fixture = {} as BrowserFixture
  beforeAll(async () => {
    fixture.app = await startTestApp()
    fixture.testBrowser = await launchTestBrowser()
  })
  afterEach(async () => {
    expect(await fixture.testBrowser.closeProfiles(), '[WI12] complaints').toEqual([])
  })
  afterAll(async () => {
    await fixture.testBrowser.close()
    await fixture.app.stop()
  })
  return fixture
}
