// Message texts: short and long, in several scripts, each unique.

import type { Random } from './random.ts'

const beginnings = [
  '您好,我想咨询产品问题',
  'Where is my order?',
  '👩‍🚒 how is this',
  'مرحبا',
  'Ça marche',
  '{"a": [1, null]}',
]

export function randomText(random: Random): string {
  const length = random.next() < 0.02 ? random.between(1000, 3500) : random.between(0, 60)
  return `${random.pick(beginnings)} ${random.between(0, 1e9)} ${'茶'.repeat(length)}`
}
