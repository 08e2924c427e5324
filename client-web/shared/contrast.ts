// Contrast of two colours by WCAG 2. Colours are #rrggbb.

/** Relative luminance, from 0 for black to 1 for white. */
function luminance(color: string): number {
  const channel = (at: number) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/** From 1 (same colour) to 21 (black on white). */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** White where it reaches 4.5:1 on `color`, otherwise black: at this threshold both reach 4.5:1. */
export function textOn(color: string): '#ffffff' | '#000000' {
  return luminance(color) <= 1.05 / 4.5 - 0.05 ? '#ffffff' : '#000000'
}
