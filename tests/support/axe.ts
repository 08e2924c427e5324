// Reports axe violations of a page and its frames, by WCAG 2.2 AA and best practice. An empty list is a pass.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Frame, Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Checks that depend on the theme. */
export const colourRules = ['color-contrast', 'link-in-text-block']

/**
 * One line per violation: place, rule, elements. `path` limits it to frames whose URL starts so, `only` to these rules.
 */
export async function findViolations(page: Page, path = '/', only?: string[]): Promise<string[]> {
  // Moving elements are judged after their animations have ended.
  await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => undefined))))
  const found: string[] = []
  for (const frame of page.frames()) {
    if (new URL(frame.url()).pathname.startsWith(path)) found.push(...(await violationsOf(frame, only)))
  }
  return found
}

async function violationsOf(frame: Frame, only?: string[]): Promise<string[]> {
  // Evaluated by DevTools, which the page's content policy does not affect.
  await frame.evaluate(`window.axe || (() => { ${source} })()`)
  const results = await frame.evaluate(
    (runOnly) =>
      (window as unknown as { axe: typeof axe }).axe.run({ runOnly, iframes: false, resultTypes: ['violations'] }),
    only ? { type: 'rule' as const, values: only } : { type: 'tag' as const, values: rules },
  )
  return results.violations.map(
    ({ id, nodes }) =>
      `${new URL(frame.url()).pathname} ${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`).join(' | ')}`,
  )
}
