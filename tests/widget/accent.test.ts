// Text in and on any colour that a shop picks is readable: WCAG's ratio of 4.5:1, checked for the whole colour space.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accentOf } from '../../client-web/shared/accent.ts'
import { contrast, textOn } from '../../client-web/shared/contrast.ts'

const color = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`)

test('contrast is the ratio of WCAG 2', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#ffffff', '#000000')).toBeCloseTo(21, 5)
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
  expect(contrast('#0f766e', '#0f766e')).toBe(1)
})

test('text on any colour reaches 4.5, and is white where white suffices', () => {
  fc.assert(
    fc.property(color, (fill) => {
      expect(contrast(fill, textOn(fill))).toBeGreaterThanOrEqual(4.5)
      if (contrast(fill, '#ffffff') >= 4.51) expect(textOn(fill)).toBe('#ffffff')
    }),
    { numRuns: 2_000 },
  )
})

test('any colour as text is readable on light and dark surfaces, and unchanged where it already was', () => {
  fc.assert(
    fc.property(color, (fill) => {
      const { textOnLight, textOnDark } = accentOf(fill)
      for (const light of ['#ffffff', '#e4e1dc']) expect(contrast(textOnLight, light)).toBeGreaterThanOrEqual(4.5)
      for (const dark of ['#1b1a18', '#33302c']) expect(contrast(textOnDark, dark)).toBeGreaterThanOrEqual(4.5)
    }),
    { numRuns: 2_000 },
  )
  expect(accentOf('#0b5d55').textOnLight).toBe('#0b5d55')
})
