// The system's Chromium, for browser tests and screenshots. As root it needs its sandbox disabled.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Chromium's engine without a browser around it: a page takes less than half of the processor's time. */
const headlessShells = ['chromium-headless-shell', 'chrome-headless-shell']
const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

function find(names: string[]): string[] {
  const folders = (process.env.PATH ?? '').split(':')
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).filter(existsSync)
}

export const findHeadlessShell = (): string | undefined => find(headlessShells)[0]

/** With windows that lose focus and settings that deny storage, which the headless shell lacks. */
export const findWholeChromium = (): string | undefined => [...find(browsers), ...applications.filter(existsSync)][0]

/** Undefined if there is none; npm test has tried to install it by then. */
export const findChromium = (): string | undefined => findHeadlessShell() ?? findWholeChromium()

export async function launchChromium(executablePath = findChromium()): Promise<Browser> {
  if (executablePath === undefined) throw new Error('no Chromium on this machine')
  const asRoot = process.getuid?.() === 0
  // Without a locale, Chromium on Linux replaces a file name that is not ASCII.
  const env = { ...process.env, LC_ALL: 'C.UTF-8' } as Record<string, string>
  return chromium.launch({ executablePath, chromiumSandbox: !asRoot, env })
}
