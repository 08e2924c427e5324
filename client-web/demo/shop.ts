// The demo shop, an ordinary page: renders its goods, translates itself, and opens the widget through the page API.

import { chinese, goods } from './texts.ts'

const isChinese =
  navigator.languages
    .find((tag) => /^(zh|en)\b/i.test(tag))
    ?.toLowerCase()
    .startsWith('zh') ?? false

function element(name: string, className: string, text = ''): HTMLElement {
  const node = document.createElement(name)
  node.className = className
  node.textContent = text
  return node
}

function drawing(name: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#${name}`)
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}

if (isChinese) {
  document.documentElement.lang = 'zh-CN'
  for (const node of document.querySelectorAll<HTMLElement>('[data-text]')) {
    const text = chinese[node.dataset.text ?? ''] ?? ''
    if (node instanceof HTMLMetaElement) node.content = text
    else node.textContent = text
  }
  for (const node of document.querySelectorAll<HTMLElement>('[data-label]')) {
    node.ariaLabel = chinese[node.dataset.label ?? ''] ?? ''
  }
}

for (const good of goods) {
  const { name, note, price } = good[isChinese ? 'zh-CN' : 'en']
  const card = element('li', `good ${good.tone}`)
  const illustration = element('div', 'illustration')
  illustration.append(drawing(good.drawing))
  card.append(illustration, element('h3', '', name), element('p', 'note', note), element('p', 'price', price))
  document.querySelector('.shelf')?.append(card)
}

document.querySelector('.ask')?.addEventListener('click', () => window.Kefu?.('open'))
