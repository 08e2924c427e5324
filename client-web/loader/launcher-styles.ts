// Styles of the launcher and the panel. A constructed style sheet needs no style-src
// in the page's CSP, and a closed shadow root isolates it from the page's styles.

import type { SiteLook } from '#protocol/entities.ts'
import { textOn } from '../shared/contrast.ts'

/** Full screen below this width or height, as on a phone. */
export const phone = '(max-width:599px),(max-height:479px)'

/** The speech bubble and the closing chevron, on a grid of 28, used as clip paths. */
const bubble =
  'M4 8.5A5.5 5.5 0 0 1 9.5 3h9A5.5 5.5 0 0 1 24 8.5v6a5.5 5.5 0 0 1-5.5 5.5H14l-5.2 4.6c-.7.6-1.8.1-1.8-.8V19.4A5.5 5.5 0 0 1 4 14.5zM9.5 8a1 1 0 0 0 0 2h9a1 1 0 0 0 0-2zm0 4.5a1 1 0 0 0 0 2H15a1 1 0 0 0 0-2z'
const chevron = 'M6.2 9 14 16.8 21.8 9 24 11.2l-10 10-10-10z'

export function launcherStyles({ color, position }: SiteLook): CSSStyleSheet {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`
:host{all:initial!important;color-scheme:light dark!important}
button{position:fixed;bottom:calc(20px + env(safe-area-inset-bottom));${position}:20px;z-index:2147483001;width:56px;height:56px;padding:0;border:0;border-radius:50%;background:${color};color:${textOn(color)};box-shadow:0 4px 16px #0000003d;cursor:pointer;transition:scale .15s}
button:hover{scale:1.05}
button:focus-visible{outline:3px solid ${color};outline-offset:3px;box-shadow:0 0 0 3px #fff}
[hidden]{display:none}
button:before{content:"";display:block;width:28px;height:28px;margin:auto;background:currentColor;clip-path:path(evenodd,"${bubble}")}
[aria-expanded=true]:before{clip-path:path("${chevron}")}
span{position:absolute;top:-4px;right:-4px;min-width:22px;padding:0 6px;box-sizing:border-box;border-radius:11px;background:#b3261e;color:#fff;font:600 13px/22px system-ui,sans-serif}
span:empty{display:none}
div{position:fixed;bottom:calc(88px + env(safe-area-inset-bottom));${position}:20px;z-index:2147483000;width:380px;height:640px;max-width:calc(100vw - 40px);max-height:calc(100dvh - 108px);overflow:hidden;border-radius:16px;background:Canvas;box-shadow:0 12px 48px #0000004d;visibility:hidden;opacity:0;translate:0 12px;transition:opacity .18s,translate .18s,visibility 0s .18s}
div.open{visibility:visible;opacity:1;translate:0;transition-delay:0s}
iframe{width:100%;height:100%;border:0;display:block;color-scheme:normal}
@media ${phone}{div{inset:0;width:100vw;height:100dvh;max-width:none;max-height:none;border-radius:0;translate:none}div.ready.open~button{display:none}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
@media (forced-colors:active){button,div{border:2px solid}button:before{forced-color-adjust:none;background:ButtonText}}
@media print{:host{display:none!important}}`)
  return sheet
}
