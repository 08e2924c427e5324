// A customer's display name. The server calls unnamed customers #id in every language; here they get a translated name.

import type { Person } from '#protocol/entities.ts'
import { inSentence } from '#protocol/visible-text.ts'
import { personName } from '../shared/person-name.ts'
import { texts } from './texts.ts'

/** To be shown in <bdi>. */
export function customerName(customer: Person): string {
  const name = personName(customer)
  return name === `#${customer.id}` ? texts.value.unnamedCustomer(`${customer.id}`) : name
}

/** For a label, a title or a sentence. */
export const plainCustomerName = (customer: Person): string => inSentence(customerName(customer))
