// The name that others see: the person's own, or #id for who gave none (anonymous customers), the same in every language.

import { sql } from 'kysely'

/** An SQL expression over the users table joined under this alias; never null where the join found a row. */
export function displayName(alias: 'users' | 'customer' | 'agent' | 'sender') {
  const id = sql.ref<number>(`${alias}.id`)
  const name = sql.ref<string>(`${alias}.name`)
  return sql<string>`if(${name} = '', concat('#', ${id}), ${name})`
}
