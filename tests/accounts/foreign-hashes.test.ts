// Password hashes that another program stored: verified once and replaced, or named at the start.

import { randomBytes } from 'node:crypto'
import { argon2i, hash as hashArgon2 } from 'argon2'
import { hash as hashBcrypt } from 'bcrypt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { readPasswordHash } from '../../server/auth/password-hash.ts'
import { reportPasswordHashes } from '../../server/auth/report-password-hashes.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { createLog } from '../../server/process/log.ts'
import { isSetupNeeded } from '../../server/setup/first-admin.ts'
import { normalizeUsernames } from '../../server/users/normalize-usernames.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { codeOf } from './logins.ts'

/** Typed in composed characters, so that normalizing changes it: ﬁ becomes fi. */
const typed = 'a ﬁne pässword 电池'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function newAccount(passwordHash: string | null, role: 'agent' | 'admin' = 'agent', on = app) {
  const username = `user-${randomBytes(6).toString('hex')}`
  const { insertId } = await on.db
    .insertInto('users')
    .values({ username, password_hash: passwordHash, role, name: username })
    .executeTakeFirstOrThrow()
  const hashOf = async () => {
    const row = await on.db
      .selectFrom('users')
      .select('password_hash as hash')
      .where('id', '=', Number(insertId))
      .executeTakeFirstOrThrow()
    return row.hash
  }
  const logIn = (password: string) => on.call('POST', '/auth/login', { username, password })
  return { username, hashOf, logIn }
}

describe('[AU13] [F4] a hash of another program', () => {
  it.each([
    ['bcrypt $2a$', async () => (await hashBcrypt(typed, 6)).replace('$2b$', '$2a$')],
    ['bcrypt $2b$', () => hashBcrypt(typed, 6)],
    ['bcrypt $2y$', async () => (await hashBcrypt(typed, 6)).replace('$2b$', '$2y$')],
    ['bcrypt of normalized characters', () => hashBcrypt(typed.normalize('NFKC'), 6)],
    ['argon2i with other parameters', () => hashArgon2(typed, { type: argon2i, memoryCost: 4096, timeCost: 4 })],
  ])('%s is verified and replaced by argon2id at the first login', async (_, make) => {
    const foreign = await make()
    const { logIn, hashOf } = await newAccount(foreign)
    expect(codeOf(await logIn(`${typed}!`))).toBe('unauthorized')
    expect(await hashOf()).toBe(foreign)
    expect((await logIn(typed)).status).toBe(200)
    expect(await hashOf()).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
    expect((await logIn(typed)).status).toBe(200)
    expect((await logIn(typed.normalize('NFKC'))).status).toBe(200)
  })

  it('is counted like any other when it is guessed', async () => {
    const limited = await startTestApp({ rateLimits: true })
    const { logIn } = await newAccount(await hashBcrypt(typed, 4), 'agent', limited)
    const answers = []
    for (let i = 0; i <= budgets.loginFailures.count; i++) answers.push(codeOf(await logIn('wrong password')))
    expect(answers.at(0)).toBe('unauthorized')
    expect(answers.at(-1)).toBe('rate_limited')
    expect(codeOf(await logIn(typed))).toBe('rate_limited')
    await limited.stop()
  })
})

describe('[AU13] [F4] a hash that Kefu does not verify', () => {
  const salt = 'C6UzMDM.H6dfI/f/IKcEee'
  const tail = 'O3aW4OXxNrl6M9qGAwEAAVzDq1S5mJi'
  it.each([
    [`$2b$10$${salt}${tail}`, 'bcrypt'],
    [`$2b$${serverLimits.bcryptCost + 1}$${salt}${tail}`, 'unusable'],
    [`$2b$31$${salt}${tail}`, 'unusable'],
    [`$2b$03$${salt}${tail}`, 'unusable'],
    [`$2x$10$${salt}${tail}`, 'unusable'],
    [`$2b$10$${salt}`, 'unusable'],
    ['$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g', 'argon2'],
    ['$argon2id$v=19$m=8388608,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g', 'unusable'],
    ['$argon2id$v=19$m=19456,t=9999,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g', 'unusable'],
    ['$argon2id$1', 'unusable'],
    ['', 'unusable'],
    [null, 'unusable'],
  ])('is distinguished: %s is %s', (text, scheme) => {
    expect(readPasswordHash(text)).toMatchObject({ scheme })
  })

  it.each([
    ['5f4dcc3b5aa765d61d8327deb882cf99', 'MD5'],
    ['5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8', 'SHA-1 or SHA-2'],
    ['$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/', 'phpass'],
    ['$6$salt$hash', 'crypt'],
    ['pbkdf2_sha256$260000$salt$hash', 'PBKDF2'],
    ['hunter2', 'plain text or unrecognised'],
    ['$2b$31$whatever', `bcrypt with a cost above ${serverLimits.bcryptCost} or damaged`],
  ])('is refused in the usual time and named: %s', async (hash, name) => {
    expect(readPasswordHash(hash)).toEqual({ scheme: 'unusable', name })
    const { logIn } = await newAccount(hash)
    expect(codeOf(await logIn(hash.padEnd(8, 'x')))).toBe('unauthorized')
  })
})

describe('[AU13] [F4] the start', () => {
  const report = async () => {
    const lines: { level: number; msg: string }[] = []
    await reportPasswordHashes({
      db: app.db,
      log: createLog('info', { write: (line) => lines.push(JSON.parse(line)) }),
    })
    return lines.map(({ level, msg }) => ({ level, msg }))
  }
  const command = 'set new passwords with npm run reset-password -- USER'

  it('has one line with the command that helps, without names and hashes, and a louder one without a usable admin', async () => {
    await app.db.updateTable('users').set({ disabled_at: new Date() }).execute()
    expect(await report()).toEqual([])
    await newAccount(await hashBcrypt(typed, 4), 'admin')
    expect(await report()).toEqual([])
    await newAccount('5f4dcc3b5aa765d61d8327deb882cf99')
    await newAccount('hunter2')
    expect(await report()).toEqual([
      {
        level: 40,
        msg: `2 of 3 accounts cannot sign in: Kefu cannot verify their password hashes (MD5, plain text or unrecognised); ${command}`,
      },
    ])
    await app.db.updateTable('users').set({ disabled_at: new Date() }).execute()
    const admin = await newAccount('$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/', 'admin')
    expect(await report()).toEqual([
      { level: 50, msg: `no admin can sign in: Kefu cannot verify their password hashes (phpass); ${command}` },
    ])
    // The admin exists, so nobody else becomes one over the setup page.
    expect(await isSetupNeeded(app)).toBe(false)
    expect(codeOf(await admin.logIn('whatever it was'))).toBe('unauthorized')
  })
})

it('[AU1] [F2] [F9] a username of another program is normalized at the start, so that its owner can log in', async () => {
  const insert = async (username: string) =>
    Number(
      (
        await app.db
          .insertInto('users')
          .values({ username, password_hash: await hashBcrypt(typed, 4), role: 'agent', name: username })
          .executeTakeFirstOrThrow()
      ).insertId,
    )
  const [full, spaced, taken, other] = [
    await insert('ｌｉｎ'),
    await insert('mei '),
    await insert('wang'),
    await insert('ｗａｎｇ'),
  ]
  const lines: { userId: number }[] = []
  await normalizeUsernames({ db: app.db, log: createLog('info', { write: (line) => lines.push(JSON.parse(line)) }) })
  for (const [id, username] of [
    [full, 'ＬＩＮ'],
    [spaced, 'Mei'],
    [taken, 'wang'],
  ]) {
    const answer = await app.call('POST', '/auth/login', { username, password: typed })
    expect(answer).toMatchObject({ status: 200, body: { user: { id } } })
  }
  expect(lines.map(({ userId }) => userId)).toEqual([other])
})
