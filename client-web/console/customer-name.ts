// A customer's display name. The server calls unnamed customers #id in every language; here they get a translated name.

import type { Person } from '#protocol/entities.ts'
import { texts } from './texts.ts'

export function customerName({ name }: Person): string {
  const number = /^#(\d+)$/.exec(name)?.[1]
  return number === undefined ? name : texts.value.unnamedCustomer(number)
}
