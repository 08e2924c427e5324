// Renders a page whose texts survive translation by the browser. A translator replaces or moves text nodes, which
// Preact would go on updating outside the page. So every text is the content of an element, and a change replaces that
// content.

import { Signal } from '@preact/signals'
import { type ComponentChild, Fragment, options, render, type VNode } from 'preact'

/** An unknown element is inline and matches no selector. */
const textElement = 'kefu-text'

const isText = (child: unknown) => typeof child === 'string' || typeof child === 'number'

options.vnode = (vnode) => {
  const { type, props } = vnode as VNode<{ children?: unknown }>
  // White space alone has no words. In a flex container it is no item, but its element would be one.
  if (type === null && `${props}`.trim() !== '') {
    Object.assign(vnode, { type: textElement, props: { textContent: `${props}` } })
  } else if ((typeof type === 'string' || type === Fragment) && Array.isArray(props.children)) {
    props.children = joinTexts(props.children)
  }
}

/** A signal as a child would change the text node that it expects to be its own. Here it renders its text again. */
Object.defineProperty(Signal.prototype, 'type', { value: ({ data }: { data: Signal<ComponentChild> }) => data.value })

/** Adjacent texts are one item of a flex container, so they share an element. The positions of other children stay. */
function joinTexts(children: readonly unknown[]): unknown[] {
  const joined: unknown[] = []
  let textAt = -1
  for (const [index, child] of children.entries()) {
    if (isText(child) && textAt >= 0) joined[textAt] = `${joined[textAt]}${child}`
    joined.push(isText(child) && textAt >= 0 ? null : child)
    if (!isText(child)) textAt = -1
    else if (textAt < 0) textAt = index
  }
  return joined
}

export function mountPage(page: ComponentChild): void {
  render(page, document.getElementById('app') as HTMLElement)
}
