// Initials of names in many scripts and orders.

import { expect, test } from 'vitest'
import { initials } from '../../client-web/shared/ui/initials.ts'

test.each([
  ['Ada Chen', 'AC'],
  ['ada', 'A'],
  ['Marie Louise von Franz', 'MF'],
  ['王小明', '小明'],
  ['李雷', '李雷'],
  ['顾客 12', '12'],
  ['Customer 1014', '14'],
  ['Customer 10', '10'],
  ['Ólafur', 'Ó'],
  ['👩‍🚀 Pilot', '👩P'],
  ['  ', '?'],
])('%s has the initials %s', (name, expected) => {
  expect(initials(name)).toBe(expected)
})
