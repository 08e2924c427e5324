// What axe finds wrong on a page and in its frames, by WCAG 2.2 AA and best practice. An empty list is a pass.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Frame, Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What a theme can change. */
export const colourRules = ['color-contrast', 'link-in-text-block']

/**
 * One line for each violation: where, which rule, which elements. `path` keeps to the frames whose address begins so, `only` to rules by
 * name.
 */
export async function findViolations(page: Page, path = '/', only?: string[]): Promise<string[]> {
  // What moves is judged when it has come to rest.
  await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => undefined))))
  const found: string[] = []
  for (const frame of page.frames()) {
    if (new URL(frame.url()).pathname.startsWith(path)) found.push(...(await violationsOf(frame, only)))
  }
  return found
}

async function violationsOf(frame: Frame, only?: string[]): Promise<string[]> {
  // Evaluated by the browser's own tools, which a page's policy does not reach.
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
