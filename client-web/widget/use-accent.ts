// Sets the colour tokens to the shop's colour, adjusted for contrast.

import { useLayoutEffect } from 'preact/hooks'
import { accentOf } from '../shared/accent.ts'

export function useAccent(color: string | undefined): void {
  useLayoutEffect(() => {
    if (color === undefined) return
    const { fill, onFill, textOnLight, textOnDark } = accentOf(color)
    const tokens = {
      '--color-accent': fill,
      '--color-accent-hover': `color-mix(in srgb, ${fill} 88%, ${onFill === '#ffffff' ? 'black' : 'white'})`,
      '--color-on-accent': onFill,
      '--color-accent-text': `light-dark(${textOnLight}, ${textOnDark})`,
      '--color-accent-tint': `color-mix(in srgb, ${fill} 9%, var(--color-surface))`,
      '--color-bubble-own': fill,
      '--color-on-bubble-own': onFill,
    }
    for (const [name, value] of Object.entries(tokens)) document.documentElement.style.setProperty(name, value)
  }, [color])
}
