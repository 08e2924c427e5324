// Input from outside is bounded before any check. Each check takes time linear in the input's length.

import { type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { comparableName } from '#db/core/comparable-name.ts'
import { isEmail } from '#protocol/email.ts'
import { requestSchemas } from '#protocol/requests.ts'
import * as atoms from '#protocol/schemas.ts'
import { hasVisibleCharacter, stripBidiControls } from '#protocol/visible-text.ts'
import { mailtoHref, pageLink } from '../../client-web/console/customer-links.ts'
import { splitLinks } from '../../client-web/shared/conversation/links.ts'
import { initials } from '../../client-web/shared/ui/initials.ts'
import { readToken } from '../../server/auth/rotating-token.ts'
import { decodeCursor } from '../../server/conversations/cursor.ts'
import { checkPayload } from '../../server/realtime/check-payload.ts'
import { isBoundedJson } from '../../server/shared/bounded-json.ts'
import { normalizeAddress } from '../../server/shared/client-address.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

const long = 64 * 1024
const upTo = (text: string) => text.repeat(Math.ceil(long / text.length)).slice(0, long)

/** Inputs that make a backtracking pattern slow. */
const worst = [
  upTo(' '),
  upTo('a'),
  upTo('.'),
  upTo('a.'),
  upTo('-'),
  upTo('@'),
  upTo('a@'),
  upTo('\u200b'),
  upTo('\u3164'),
  upTo('\u0301'),
  upTo('\u202e'),
  upTo('👍'),
  upTo('ﷺ'),
  `${upTo('a').slice(2)}@b`,
  `a@${upTo('a-').slice(2)}`,
  `a@${upTo('a.').slice(2)}`,
  `https://${upTo('a').slice(8)}\n`,
  `https://${upTo('a.').slice(8)}`,
  `http://[${upTo(':').slice(8)}`,
  `${upTo('\u200b').slice(1)}a`,
  `a${upTo(' ').slice(1)}`,
  upTo('http://('),
  upTo('https://a)]'),
  upTo('mailto:a@b'),
  upTo('1.'),
  upTo('::'),
  upTo('a,'),
]

/** Milliseconds: the minimum of three runs, because a busy machine only adds time. */
function msOf(work: () => unknown): number {
  const runs = [0, 1, 2].map(() => {
    const from = performance.now()
    try {
      work()
    } catch {
      // A rejection counts as a result.
    }
    return performance.now() - from
  })
  return Math.min(...runs)
}

/** Quadratic work on 64 KB takes seconds, linear work a few milliseconds. */
const mostMs = 150

/** Every string schema that input from outside is checked against. */
function stringsIn(schema: TSchema, path = ''): [string, TSchema][] {
  const inside = schema as TSchema & {
    type?: string
    properties?: Record<string, TSchema>
    anyOf?: TSchema[]
    items?: TSchema
  }
  if (inside.type === 'string') return [[path, schema]]
  return [
    ...Object.entries(inside.properties ?? {}).flatMap(([name, each]) => stringsIn(each, `${path}/${name}`)),
    ...(inside.anyOf ?? []).flatMap((each) => stringsIn(each, path)),
    ...(inside.items ? stringsIn(inside.items, path) : []),
  ]
}

const isSchema = (value: unknown): value is TSchema => typeof value === 'object' && value !== null && '~kind' in value

describe('bounded input', () => {
  it('[CV25] [T15] matches every pattern against 64 KB of its worst input in linear time', () => {
    const schemas: [string, TSchema][] = [
      ...Object.entries(atoms).flatMap(([name, atom]) => (isSchema(atom) ? stringsIn(atom, name) : [])),
      ...Object.entries(requestSchemas).flatMap(([name, schema]) => stringsIn(schema, name)),
    ]
    expect(schemas.length).toBeGreaterThan(30)
    const seen = new Set<string | undefined>()
    for (const [name, schema] of schemas) {
      const { pattern } = schema as { pattern?: string }
      if (seen.has(pattern)) continue
      seen.add(pattern)
      // Without the length limit, which would hide the cost of the pattern.
      const bare = Compile(pattern === undefined ? schema : Type.String({ pattern }))
      const bounded = Compile(schema)
      for (const text of worst) {
        expect(
          msOf(() => bare.Check(text)),
          `${name} on ${JSON.stringify(text.slice(0, 12))}`,
        ).toBeLessThan(mostMs)
        expect(
          msOf(() => bounded.Errors(text)),
          `errors of ${name}`,
        ).toBeLessThan(mostMs)
      }
    }
  })

  it('[CV25] [T15] checks the maximum length of every request string before its pattern', () => {
    for (const [name, schema] of Object.entries(requestSchemas)) {
      for (const [path, each] of stringsIn(schema)) {
        const { maxLength, const: only } = each as { maxLength?: number; const?: string }
        expect(maxLength ?? only?.length, `${name}${path}`).toBeGreaterThan(0)
      }
    }
    let checked = 0
    const pattern = { test: () => Boolean(++checked) } as unknown as RegExp
    const check = Compile(Type.String({ maxLength: 10, pattern } as never) as unknown as TSchema)
    expect(check.Check('x'.repeat(11))).toBe(false)
    expect(checked).toBe(0)
  })

  it.each<[string, (text: string) => unknown]>([
    ['emails', isEmail],
    ['mailto links', mailtoHref],
    ['page links', pageLink],
    ['links in messages', splitLinks],
    ['visible characters', hasVisibleCharacter],
    ['direction controls', stripBidiControls],
    ['usernames', comparableName],
    ['initials', initials],
    ['resume tokens', readToken],
    ['cursors', decodeCursor],
    ['addresses', normalizeAddress],
    ['JSON', (text) => isBoundedJson(`["${text}`)],
    ['lists', () => isBoundedJson('[],'.repeat(20_000))],
    ['backslashes', () => isBoundedJson(`["${'\\'.repeat(32_000)}${'\\"'.repeat(16_000)}`)],
    ['payloads', (content) => checkPayload('message:send', { conversationId: 1, clientMessageId: 'a', content })],
  ])('[CV25] [T15] %s: processes 64 KB of the worst input in linear time', (name, work) => {
    for (const text of worst) {
      expect(
        msOf(() => work(text)),
        `${name} on ${JSON.stringify(text.slice(0, 12))}`,
      ).toBeLessThan(mostMs)
    }
  })
})

describe('requests with the worst input', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it('[CV25] [T15] are rejected as invalid while the process keeps serving others', async () => {
    const customer = await app.newCustomer()
    const admin = await app.newAgent({ role: 'admin' })
    const some = upTo('a.').slice(0, 60_000)
    const calls: [string, string, object | undefined, string?][] = [
      ['POST', '/widget/session', { name: some }],
      ['POST', '/widget/session', { email: `${some}@a.b` }],
      ['POST', '/widget/session', { locale: some }],
      ['POST', '/widget/session', { page: { url: `https://${some}`, title: 'x' } }],
      ['POST', '/widget/session', { page: { url: 'https://a.b', title: some } }],
      ['POST', '/auth/login', { username: some, password: 'x' }],
      ['POST', '/users', { username: some, password: 'a good long one', name: 'x', role: 'agent' }, admin.token],
      ['POST', '/sites', { name: some }, admin.token],
      ['POST', '/sites', { name: 'x', origins: [`https://${some}`] }, admin.token],
      ['GET', `/conversations?cursor=${some.slice(0, 8_000)}`, undefined, admin.token],
      ['POST', '/conversations/1/messages', { clientMessageId: some, content: 'x' }, customer.token],
      ['POST', '/conversations/1/messages', { clientMessageId: 'x', content: some }, customer.token],
    ]
    for (const [method, path, body, token] of calls) {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const from = performance.now()
      const { status } = await app.call(method, path, body, headers)
      expect(status, path.slice(0, 30)).toBe(400)
      expect(performance.now() - from, path.slice(0, 30)).toBeLessThan(2_000)
    }
  })
})

describe('text visibility', () => {
  const invisible = [
    ['zero width space', '\u200b'],
    ['Hangul filler', '\u3164'],
    ['halfwidth Hangul filler', '\uffa0'],
    ['Hangul jamo fillers', '\u115f\u1160'],
    ['blank Braille pattern', '\u2800'],
    ['soft hyphen', '\u00ad'],
    ['word joiner', '\u2060\ufeff'],
    ['tags', '\u{e0001}\u{e0041}\u{e007f}'],
    ['variation selectors', '\ufe0f\u{e0100}'],
    ['direction controls', '\u202e\u202c\u2066\u2069\u200f\u061c'],
    ['Mongolian separator', '\u180e\u180b'],
    ['grapheme joiner', '\u034f'],
    ['invisible operators', '\u2061\u2062\u2063\u2064'],
    ['Khmer inherent vowels', '\u17b4\u17b5'],
    ['musical controls', '\u{1d173}\u{1d17a}'],
    ['shorthand controls', '\u{1bca0}'],
    ['interlinear annotation', '\ufff9\ufffb'],
    ['noncharacters', '\ufffe\uffff\u{1ffff}'],
    ['marks on nothing', '\u0301\u20dd'],
    ['spaces of all widths', ' \u00a0\u1680\u2003\u202f\u205f\u3000'],
    ['line ends', '\r\n\t'],
    ['null notehead', '\u{1d159}'],
  ] as const
  const shown = ['.', '您', 'א', 'नमस्ते', 'می\u200cخواهم', '❤️', '👨‍👩‍👧', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣', 'é', '\u200bx', '\ufffd']

  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it.each(invisible)(
    '[MS5] [CS22] [F16] rejects a message, name, subject or username made only of %s',
    async (_, text) => {
      const { customer, customerAccount, conversationId } = await app.startConversation()
      const admin = await app.newAgent({ role: 'admin' })
      expect(hasVisibleCharacter(text)).toBe(false)
      const send = { conversationId, clientMessageId: 'm', content: text }
      expect(await customer.refused('message:send', send)).toBe('invalid_request')
      const message = { clientMessageId: 'n', content: text }
      expect(await customer.refused('conversation:start', { message })).toBe('invalid_request')
      expect(await customer.refused('conversation:start', { subject: text })).toBe('invalid_request')
      const session = { site: app.siteKey, token: customerAccount.token, name: text }
      const user = { username: 'someone', password: 'a good long one', name: 'Mei', role: 'agent' }
      for (const answer of [
        await app.call('POST', '/widget/session', session),
        await customerAccount.call('POST', `/conversations/${conversationId}/messages`, message),
        await admin.call('POST', '/users', { ...user, name: text }),
        await admin.call('POST', '/users', { ...user, username: text }),
        await admin.call('PATCH', '/me', { name: text }),
        await admin.call('POST', '/sites', { name: text }),
        await admin.call('POST', '/sites', { name: 'Tea', greeting: text }),
      ]) {
        expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_request' } } })
      }
    },
  )

  it.each(shown)('[MS5] [F16] accepts %s as a message and stores it unchanged', async (text) => {
    const { customer, conversationId } = await app.startConversation()
    const { message } = await customer.request('message:send', { conversationId, clientMessageId: 'm', content: text })
    expect(message.content).toBe(text)
    expect(hasVisibleCharacter(text)).toBe(true)
  })

  it('[CS22] [F16] [S25] rejects direction controls in names and every invisible character in usernames', async () => {
    const customer = await app.newCustomer()
    const admin = await app.newAgent({ role: 'admin' })
    const name = '\u202eMei\u2066 Li\u200f'
    const session = await app.call('POST', '/widget/session', { site: app.siteKey, token: customer.token, name })
    expect(session.body).toMatchObject({ customer: { name: 'Mei Li' } })
    const user = { username: 'plain', password: 'a good long one', name, role: 'agent' }
    expect((await admin.call('POST', '/users', user)).body).toMatchObject({ name: 'Mei Li' })
    expect((await admin.call('PATCH', '/me', { name })).body).toMatchObject({ name: 'Mei Li' })
    expect((await admin.call('POST', '/sites', { name })).body).toMatchObject({ name: 'Mei Li' })
    for (const username of ['pla\u200bin', 'plain\u3164', '\u202eplain', 'pl\u00adain', 'plain\ufe0f']) {
      expect((await admin.call('POST', '/users', { ...user, username })).status, JSON.stringify(username)).toBe(400)
    }
  })
})

describe('email addresses', () => {
  const good = [
    'li@shop.example',
    "o'brien@inbox.example",
    'a.b+c_d-e@x.co',
    '李@例子.中国',
    'müller@bücher.example',
    'a@localhost',
    `${'x'.repeat(64)}@a.b`,
  ]
  const bad = [
    'li@shop.example?bcc=spy%40evil.example&body=x',
    'li@shop.example&cc=spy@evil.example',
    'li?subject=x@shop.example',
    'li%0d%0abcc:spy@evil.example',
    'li%40evil.example@shop.example',
    'li@shop.example%0abcc',
    'li@shop.example#x',
    'li@shop.example/x',
    'a=b@shop.example',
    'li@shop.example,spy@evil.example',
    'li@shop.example;spy@evil.example',
    '"li"@shop.example',
    '<li@shop.example>',
    'Li <li@shop.example>',
    'li @shop.example',
    'li@shop.example ',
    'li@shop.example\n',
    'li\u0000@shop.example',
    'li\u202e@shop.example',
    'li\u200b@shop.example',
    '\u3164@shop.example',
    'li..x@shop.example',
    '.li@shop.example',
    'li.@shop.example',
    'li@shop..example',
    'li@.example',
    'li@shop.',
    'li@-shop.example',
    'li@shop-.example',
    'li@@shop.example',
    'li',
    '@shop.example',
    'li@',
    `${'x'.repeat(65)}@a.b`,
    `a@${'b'.repeat(64)}.c`,
    `a@${'b.'.repeat(130)}c`,
    'li@[127.0.0.1]',
    'li:x@shop.example',
    'li\\x@shop.example',
    'javascript:alert(1)@x.y',
  ]

  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it('[CS23] [F11] accepts real addresses and rejects those with a second meaning in a link, in every field', async () => {
    const admin = await app.newAgent({ role: 'admin' })
    const other = await app.newAgent()
    const customer = await app.newCustomer()
    const enter = async (email: string) => {
      const answers = [
        await app.call('POST', '/widget/session', { site: app.siteKey, token: customer.token, email }),
        await admin.call('PATCH', `/users/${other.id}`, { email }),
      ]
      return answers.map(({ status }) => status)
    }
    for (const email of good) expect(await enter(email), email).toEqual([200, 200])
    for (const email of bad) expect(await enter(email), JSON.stringify(email)).toEqual([400, 400])
    const user = { username: 'mei-2', password: 'a good long one', name: 'Mei', role: 'agent', email: bad[0] }
    expect((await admin.call('POST', '/users', user)).status).toBe(400)
  })

  it('[CS23] [F11] links the encoded address alone and does not link an invalid one', () => {
    for (const email of good) {
      const href = mailtoHref(email) as string
      expect(new URL(href).search + new URL(href).hash).toBe('')
      expect(decodeURIComponent(href.slice('mailto:'.length))).toBe(email)
    }
    for (const email of bad) expect(mailtoHref(email), email).toBeNull()
    const [link] = splitLinks('mailto:li@shop.example?bcc=spy@evil.example')
    expect(link).toMatchObject({ href: 'mailto:li@shop.example' })
    expect(splitLinks('mailto:li%0abcc:spy@evil.example')).toEqual(['mailto:li%0abcc:spy@evil.example'])
  })
})
