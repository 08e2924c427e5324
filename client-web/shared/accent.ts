// Derives accessible variants of a shop's colour: same hue, mixed with black or white until text is readable.

import { contrast, textOn } from './contrast.ts'

export interface Accent {
  /** The shop's colour, for buttons and own bubbles. */
  fill: string
  /** Text and icons on the fill: at least 4.5:1. */
  onFill: string
  /** The colour as text on light and on dark surfaces: at least 4.5:1. */
  textOnLight: string
  textOnDark: string
}

/** The darkest light and the lightest dark surface of tokens.css that carry coloured text. */
const surfaces = { light: '#e4e1dc', dark: '#33302c' }

export function accentOf(color: string): Accent {
  return {
    fill: color,
    onFill: textOn(color),
    textOnLight: readable(color, surfaces.light, '#000000'),
    textOnDark: readable(color, surfaces.dark, '#ffffff'),
  }
}

/** Mixes `color` with `end` in small steps until it is readable on `surface`. */
function readable(color: string, surface: string, end: string): string {
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(color, end, share)
    if (contrast(mixed, surface) >= 4.5) return mixed
  }
  return end
}

function mix(color: string, end: string, share: number): string {
  const channel = (at: number) => {
    const from = Number.parseInt(color.slice(at, at + 2), 16)
    const to = Number.parseInt(end.slice(at, at + 2), 16)
    return Math.round(from + (to - from) * share)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(1)}${channel(3)}${channel(5)}`
}
