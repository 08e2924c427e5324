// The system's Chromium, for browser tests and screenshots. As root it needs its sandbox disabled.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Undefined if there is none; npm test has tried to install it by then. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(':')
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...applications].find(existsSync)
}

export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('no Chromium on this machine')
  const asRoot = process.getuid?.() === 0
  return chromium.launch({ executablePath, chromiumSandbox: !asRoot })
}
