// The displayed name of a user, or #id for an anonymous customer, the same in every language.

import { sql } from 'kysely'

/** An SQL expression over the users table joined under this alias. Null only if the join found no row. */
export function displayName(alias: 'users' | 'customer' | 'agent' | 'sender') {
  const id = sql.ref<number>(`${alias}.id`)
  const name = sql.ref<string>(`${alias}.name`)
  return sql<string>`if(${name} = '', concat('#', ${id}), ${name})`
}
