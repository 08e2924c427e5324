// Logins and session starts with wrong passwords, refresh tokens, resume tokens and identities.

import { randomBytes } from 'node:crypto'
import { type Attack, attack } from '../attack.ts'
import { ofRate } from '../bounds.ts'
import { pipeline, post } from '../wire/raw-socket.ts'

const anyToken = () => randomBytes(32).toString('base64url')
const anyIdentity = () =>
  [
    '{"alg":"HS256","typ":"JWT"}',
    `{"aud":"default","sub":"${anyToken()}","exp":${Math.floor(Date.now() / 1000) + 300}}`,
  ]
    .map((part) => Buffer.from(part).toString('base64url'))
    .concat(anyToken())
    .join('.')

export const sessionAttacks: Attack[] = [
  attack({
    name: 'logins-of-one-network',
    ids: ['S11'],
    what: 'every address of one /64 tries passwords of other accounts',
    floor: { requests: 50 },
    most: { hashed: { burst: ofRate('loginFailures').burst * 2, perSecond: 0.1 } },
    run: (target, budget) => {
      let n = 0
      return pipeline(target, budget, {
        connections: 32,
        perWrite: 2,
        inFlight: 4,
        from: () => target.proxyAddress,
        request: () => {
          n += 1
          const address = `2001:db8:1:2:${(n >> 16) & 0xffff}:${n & 0xffff}::1`
          const body = { username: `somebody${n}`, password: 'not the right one' }
          return post(target, '/api/v1/auth/login', body, `X-Forwarded-For: ${address}`)
        },
        onData: (text) => budget.count('hashed', text.split('HTTP/1.1 401').length - 1),
      })
    },
  }),
  attack({
    name: 'sessions-of-one-network',
    ids: ['S11'],
    what: 'every address of one /64 starts a session',
    floor: { requests: 100 },
    most: { sessions: ofRate('sessionsPerAddress', 2) },
    run: (target, budget) => {
      let n = 0
      return pipeline(target, budget, {
        connections: 8,
        perWrite: 4,
        from: () => target.proxyAddress,
        request: () => {
          n += 1
          return post(
            target,
            '/api/v1/widget/session',
            {},
            `X-Forwarded-For: 2001:db8:1:3::${n.toString(16).slice(-4)}`,
          )
        },
        onData: (text) => budget.count('sessions', text.split('"resumeToken"').length - 1),
      })
    },
  }),
  attack({
    name: 'logins-of-one-address',
    proves: ['loginFailures'],
    ids: ['S11', 'new'],
    what: 'one address tries passwords of one account and of others',
    floor: { requests: 50 },
    most: { hashed: ofRate('loginFailures', 2) },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        perWrite: 2,
        inFlight: 4,
        request: (_, n) =>
          post(target, '/api/v1/auth/login', { username: n % 2 ? 'admin' : `u${n}`, password: 'not the right one' }),
        onData: (text) => budget.count('hashed', text.split('HTTP/1.1 401').length - 1),
      }),
  }),
  attack({
    name: 'refreshes',
    ids: ['new'],
    what: '16 connections pipeline refreshes with random cookies',
    floor: { requests: 500 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: () => post(target, '/api/v1/auth/refresh', {}, `Cookie: kefu_refresh=${anyToken()}`),
      }),
  }),
  attack({
    name: 'resume-tokens',
    ids: ['new'],
    what: '16 connections pipeline sessions with wrong resume tokens and access tokens',
    floor: { requests: 500 },
    most: { sessions: ofRate('sessionsPerAddress') },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: () => post(target, '/api/v1/widget/session', { resumeToken: anyToken(), token: `a.${anyToken()}.b` }),
        onData: (text) => budget.count('sessions', text.split('"resumeToken"').length - 1),
      }),
  }),
  attack({
    name: 'logouts',
    ids: ['new'],
    what: '16 connections pipeline logouts of widget sessions that do not exist',
    floor: { requests: 500 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: () => post(target, '/api/v1/widget/logout', { resumeToken: anyToken() }),
      }),
  }),
  attack({
    name: 'identities',
    ids: ['new'],
    what: '16 connections pipeline identities that nobody signed',
    floor: { requests: 500 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: () => post(target, '/api/v1/widget/session', { identity: anyIdentity() }),
      }),
  }),
  attack({
    name: 'setup-codes',
    ids: ['new'],
    what: '16 connections pipeline codes of the setup page',
    floor: { requests: 500 },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 16,
        request: () =>
          post(target, '/api/v1/setup', { code: anyToken(), username: 'x', password: anyToken(), siteName: 'x' }),
      }),
  }),
]
