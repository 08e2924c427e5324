// Reports axe violations of a page and its frames, by WCAG 2.2 AA and best practice. An empty list is a pass.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Frame, Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Checks that depend on the theme. */
export const colourRules = ['color-contrast', 'link-in-text-block']

/** Rules about one component: not those about the landmarks and headings of a page. */
export const componentTags = rules.filter((tag) => tag !== 'best-practice')

interface Options {
  /** Only these rules. */
  only?: string[] | undefined
  /** Rules with one of these tags. */
  tags?: string[] | undefined
  /** Only what this selector matches. */
  within?: string | undefined
}

/** One line per violation: place, rule, elements. `path` limits it to frames whose URL starts so. */
export async function findViolations(page: Page, path = '/', options: Options = {}): Promise<string[]> {
  // Moving elements are judged after their animations have ended. An endless one never does.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((each) => each.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
        .map((each) => each.finished.catch(() => undefined)),
    ),
  )
  const found: string[] = []
  for (const frame of page.frames()) {
    if (new URL(frame.url()).pathname.startsWith(path)) found.push(...(await violationsOf(frame, options)))
  }
  return found
}

async function violationsOf(frame: Frame, { only, tags = rules, within }: Options): Promise<string[]> {
  // Evaluated by DevTools, which the page's content policy does not affect.
  if (!(await frame.evaluate('window.axe !== undefined'))) await frame.evaluate(source)
  const results = await frame.evaluate(
    ({ runOnly, within }) =>
      (window as unknown as { axe: typeof axe }).axe.run(within ?? document, {
        runOnly,
        iframes: false,
        // No rule here reads style sheets.
        preload: false,
        resultTypes: ['violations'],
      }),
    { runOnly: only ? { type: 'rule' as const, values: only } : { type: 'tag' as const, values: tags }, within },
  )
  return results.violations.map(
    ({ id, nodes }) =>
      `${new URL(frame.url()).pathname} ${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ''}`).join(' | ')}`,
  )
}
