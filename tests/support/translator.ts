// A translating browser: it goes over every text of a page, now and after every change, and puts <font> elements in its
// place. The words stay the same, so that tests find them.

import type { BrowserContext } from 'playwright-core'

/** What becomes of the page's own text node: thrown away, or moved into the <font>. */
export type Translator = 'replaces' | 'moves'

export async function translatePages(context: BrowserContext, translator: Translator): Promise<void> {
  await context.addInitScript((does: Translator) => {
    const untranslated = 'font, script, style, textarea, noscript'

    function translate(text: Text): void {
      if (!text.isConnected || text.parentElement?.closest(untranslated) || text.data === '') return
      const outer = document.createElement('font')
      const inner = outer.appendChild(document.createElement('font'))
      const words = text.data
      text.replaceWith(outer)
      inner.append(does === 'moves' ? text : words)
    }

    function translateAll(root: Node): void {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
      const found: Text[] = []
      while (walker.nextNode()) found.push(walker.currentNode as Text)
      for (const text of found) translate(text)
    }

    document.addEventListener('DOMContentLoaded', () => {
      translateAll(document.body)
      new MutationObserver((records) => {
        for (const { target, addedNodes } of records) for (const node of [target, ...addedNodes]) translateAll(node)
      }).observe(document.body, { subtree: true, childList: true, characterData: true })
    })
  }, translator)
}
