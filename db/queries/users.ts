// Users: agents and admins with their credentials, customers with their contact data.

import type { AgentRole, Customer, Language, User } from '#protocol/entities.ts'
import { now } from '../core/clock.ts'
import { comparableName } from '../core/comparable-name.ts'
import type { Database, Transaction } from '../core/database.ts'
import { isDuplicateKey } from '../core/errors.ts'
import { agentList } from './agents.ts'
import { displayName } from './display-name.ts'
import { bumpListVersion, currentVersion } from './list-versions.ts'

/** Locks a user's row until the commit. */
export async function lockUser(trx: Transaction, id: number): Promise<{ id: number; isBlocked: boolean } | undefined> {
  const row = await trx
    .selectFrom('users')
    .select(['id', 'blocked_at as blockedAt'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row && { id: row.id, isBlocked: row.blockedAt !== null }
}

/** Whether this customer is blocked from writing. */
export async function isBlocked(db: Database, id: number): Promise<boolean> {
  const row = await db.selectFrom('users').select('blocked_at as blockedAt').where('id', '=', id).executeTakeFirst()
  return row !== undefined && row.blockedAt !== null
}

function agentsAndAdmins(db: Database) {
  return db
    .selectFrom('users')
    .select((eb) => [
      'users.id',
      'users.username',
      displayName('users').as('name'),
      'users.role',
      'users.email',
      'users.language',
      eb('users.disabled_at', 'is not', null).as('isDisabled'),
      'users.created_at as createdAt',
    ])
    .where('users.role', 'in', ['agent', 'admin'])
    .$narrowType<{ username: string; role: AgentRole; language: Language | null }>()
}

const asUser = (row: Omit<User, 'isDisabled'> & { isDisabled: unknown }): User => ({
  ...row,
  isDisabled: Boolean(row.isDisabled),
})

/** All agents and admins, by name. */
export async function selectUsers(db: Database): Promise<User[]> {
  return (await agentsAndAdmins(db).orderBy('users.name').orderBy('users.id').execute()).map(asUser)
}

/** An agent or admin. */
export async function findUser(db: Database, id: number): Promise<User | undefined> {
  const row = await agentsAndAdmins(db).where('users.id', '=', id).executeTakeFirst()
  return row && asUser(row)
}

/** The credentials of an agent or admin. */
export interface Account {
  id: number
  username: string
  role: AgentRole
  passwordHash: string | null
  disabledAt: string | null
}

function accounts(db: Database) {
  return db
    .selectFrom('users')
    .select(['id', 'username', 'role', 'password_hash as passwordHash', 'disabled_at as disabledAt'])
    .where('role', 'in', ['agent', 'admin'])
    .$narrowType<{ username: string; role: AgentRole }>()
}

export function findAccount(db: Database, username: string): Promise<Account | undefined> {
  return accounts(db).where('username', '=', comparableName(username)).executeTakeFirst()
}

export function findAccountById(db: Database, id: number): Promise<Account | undefined> {
  return accounts(db).where('id', '=', id).executeTakeFirst()
}

export function lockAccount(trx: Transaction, id: number): Promise<Account | undefined> {
  return accounts(trx).where('id', '=', id).forUpdate().executeTakeFirst()
}

/** Of the agents and admins who are not disabled. */
export async function selectPasswordHashes(db: Database): Promise<Pick<Account, 'role' | 'passwordHash'>[]> {
  return (await accounts(db).where('disabled_at', 'is', null).execute()).map(({ role, passwordHash }) => ({
    role,
    passwordHash,
  }))
}

/** The agents and admins whose usernames are not in the canonical form, so that nobody can log in with them. */
export async function selectUnnormalizedUsernames(db: Database): Promise<Pick<Account, 'id' | 'username'>[]> {
  const found = await accounts(db).orderBy('id').execute()
  return found.filter(({ username }) => username !== null && comparableName(username) !== username)
}

/** False if the canonical form is taken. */
export async function normalizeStoredUsername(
  trx: Transaction,
  account: Pick<Account, 'id' | 'username'>,
): Promise<boolean> {
  try {
    const username = comparableName(account.username)
    await trx.updateTable('users').set({ username }).where('id', '=', account.id).execute()
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

export async function hasAdmin(db: Database): Promise<boolean> {
  const row = await db.selectFrom('users').select('id').where('role', '=', 'admin').limit(1).executeTakeFirst()
  return row !== undefined
}

export async function countEnabledAdmins(trx: Transaction): Promise<number> {
  const { n } = await trx
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .executeTakeFirstOrThrow()
  return n
}

export interface NewUser {
  username: string
  passwordHash: string
  name: string
  role: AgentRole
  email: string | null
}

/** Returns the new agent's or admin's id; undefined if the username is taken. */
export async function insertUser(trx: Transaction, user: NewUser): Promise<number | undefined> {
  try {
    await bumpListVersion(trx, agentList)
    const { insertId } = await trx
      .insertInto('users')
      .values({
        username: comparableName(user.username),
        password_hash: user.passwordHash,
        name: user.name,
        role: user.role,
        email: user.email,
        list_version: currentVersion(agentList),
      })
      .executeTakeFirstOrThrow()
    return Number(insertId)
  } catch (error) {
    if (isDuplicateKey(error)) return undefined
    throw error
  }
}

export interface UserChanges {
  name?: string | undefined
  role?: AgentRole | undefined
  email?: string | null | undefined
  language?: Language | undefined
  passwordHash?: string | undefined
  isDisabled?: boolean | undefined
}

/** Undefined leaves a column unchanged. */
export async function saveUser(trx: Transaction, account: Account, changes: UserChanges): Promise<void> {
  const { isDisabled = account.disabledAt !== null } = changes
  const isListed = [changes.name, changes.role, changes.isDisabled].some((change) => change !== undefined)
  if (isListed) await bumpListVersion(trx, agentList)
  await trx
    .updateTable('users')
    .set({
      name: changes.name,
      role: changes.role,
      email: changes.email,
      language: changes.language,
      password_hash: changes.passwordHash,
      disabled_at: isDisabled ? (account.disabledAt === null ? now : undefined) : null,
      list_version: isListed ? currentVersion(agentList) : undefined,
    })
    .where('id', '=', account.id)
    .execute()
}

export interface CustomerRecord extends Customer {
  isNameVerified: boolean
  isBlocked: boolean
}

export async function findCustomer(db: Database, id: number): Promise<CustomerRecord | undefined> {
  const row = await db
    .selectFrom('users')
    .select([
      'users.id',
      displayName('users').as('name'),
      'users.email',
      'users.is_name_verified as isNameVerified',
      'users.is_email_verified as isEmailVerified',
      'users.blocked_at as blockedAt',
    ])
    .where('users.id', '=', id)
    .where('users.role', '=', 'customer')
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { blockedAt, ...customer } = row
  return { ...customer, isBlocked: blockedAt !== null }
}

/** Data from the customer, the page or the shop; undefined leaves a column unchanged. */
export interface CustomerChanges {
  name?: string | undefined
  email?: string | undefined
  language?: Language | undefined
  isNameVerified?: boolean | undefined
  isEmailVerified?: boolean | undefined
}

/** Inserts an anonymous customer and returns the id. */
export async function insertCustomer(trx: Transaction, siteId: number): Promise<number> {
  const { insertId } = await trx
    .insertInto('users')
    .values({ role: 'customer', site_id: siteId })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

export async function saveCustomer(trx: Transaction, id: number, changes: CustomerChanges): Promise<void> {
  if (Object.values(changes).every((value) => value === undefined)) return
  const { isNameVerified, isEmailVerified, ...columns } = changes
  await trx
    .updateTable('users')
    .set({ ...columns, is_name_verified: isNameVerified, is_email_verified: isEmailVerified })
    .where('id', '=', id)
    .execute()
}

/** Blocks a customer from writing, or unblocks. */
export async function saveBlocked(trx: Transaction, customerId: number, blocked: boolean): Promise<void> {
  await trx
    .updateTable('users')
    .set({ blocked_at: blocked ? now : null })
    .where('id', '=', customerId)
    .execute()
}
