// How the launcher and the panel look. Their sheet is built in script, so that a page's CSP needs no style-src for it, and lives in a
// closed shadow root, so that neither the page's styles nor ours reach the other.

import type { SiteLook } from '#protocol/entities.ts'
import { textOn } from '../shared/contrast.ts'

/** Full screen below this width or height, as on a phone. */
export const phone = '(max-width:599px),(max-height:479px)'

const bubble =
  'M12 3c-5 0-9 3.3-9 7.5 0 2.400 1.200 4.5 3.200 5.800L5.500 20l4.200-2.200q1.100.2 2.300.2c5 0 9-3.3 9-7.5S17 3 12 3z'
const chevron = 'M5.5 9l6.5 6.5L18.5 9'

export function drawIcon(): SVGElement {
  const create = (name: string) => document.createElementNS('http://www.w3.org/2000/svg', name)
  const icon = create('svg')
  icon.setAttribute('viewBox', '0 0 24 24')
  icon.setAttribute('aria-hidden', 'true')
  for (const shape of [bubble, chevron]) {
    const path = create('path')
    path.setAttribute('d', shape)
    icon.append(path)
  }
  return icon
}

export function sheetFor({ color, position }: SiteLook): CSSStyleSheet {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`
:host{all:initial!important;color-scheme:light dark!important}
button{position:fixed;bottom:calc(20px + env(safe-area-inset-bottom));${position}:20px;z-index:2147483001;width:56px;height:56px;padding:0;border:0;border-radius:50%;background:${color};color:${textOn(color)};box-shadow:0 4px 16px #0000003d;cursor:pointer;transition:scale .15s}
button:hover{scale:1.05}
button:focus-visible{outline:3px solid ${color};outline-offset:3px;box-shadow:0 0 0 3px #fff}
[hidden]{display:none}
svg{width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;vertical-align:middle}
path:last-child,[aria-expanded=true] path:first-child{display:none}
[aria-expanded=true] path:last-child{display:inline}
span{position:absolute;top:-4px;right:-4px;min-width:22px;padding:0 6px;box-sizing:border-box;border-radius:11px;background:#b3261e;color:#fff;font:600 13px/22px system-ui,sans-serif}
span:empty{display:none}
div{position:fixed;bottom:calc(88px + env(safe-area-inset-bottom));${position}:20px;z-index:2147483000;width:380px;height:640px;max-width:calc(100vw - 40px);max-height:calc(100dvh - 108px);overflow:hidden;border-radius:16px;background:Canvas;box-shadow:0 12px 48px #0000004d;visibility:hidden;opacity:0;translate:0 12px;transition:opacity .18s,translate .18s,visibility 0s .18s}
div.open{visibility:visible;opacity:1;translate:0;transition-delay:0s}
iframe{width:100%;height:100%;border:0;display:block;color-scheme:normal}
@media ${phone}{div{inset:0;width:100vw;height:100dvh;max-width:none;max-height:none;border-radius:0;translate:none}div.ready.open~button{display:none}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media (forced-colors:active){button,div{border:2px solid}}
@media print{:host{display:none!important}}`)
  return sheet
}
