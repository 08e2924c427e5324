// What a customer is called on screen. Who gave no name comes from the server as #id, the same in every language; here it gets a word.

import type { Person } from '#protocol/entities.ts'
import { texts } from './texts.ts'

export function customerName({ name }: Person): string {
  const number = /^#(\d+)$/.exec(name)?.[1]
  return number === undefined ? name : texts.value.unnamedCustomer(number)
}
