// One drill per HTTP budget: it repeats one call and counts the successful replies.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, drill, type Target } from '../attack.ts'
import { call, logIn, newCustomer, newCustomers } from '../wire/accounts.ts'
import { get, openTcp, pipeline, post, repeatedly } from '../wire/raw-socket.ts'

interface CallDrill<Prepared> {
  budget: string
  count: number
  what: string
  /** Addresses of one /48, each in its own /64; one address by default. */
  ofNetwork?: true
  request(target: Target, n: number, prepared: Prepared): string
  prepare?(target: Target): Promise<Prepared>
  /** The text that a successful reply contains. */
  isAnswered: RegExp
  env?: Record<string, string>
}

function callDrill<Prepared = unknown>(options: CallDrill<Prepared>): Attack {
  const { budget, count, what, ofNetwork, request, prepare, isAnswered, env } = options
  return drill<Prepared>({
    budget,
    to: { count, windowMs: 600_000 },
    counts: 'answered',
    what,
    ...(prepare ? { prepare } : {}),
    ...(env ? { env } : {}),
    run: (target, traffic, prepared) => {
      let n = 0
      return pipeline(target, traffic, {
        connections: 3,
        perWrite: 1,
        inFlight: 2,
        ...(ofNetwork ? { from: () => target.proxyAddress } : {}),
        request: () => {
          n += 1
          const text = request(target, n, prepared)
          return ofNetwork ? text.replace('\r\n', `\r\nX-Forwarded-For: 2001:db8:abcd:${n % 5_000}::1\r\n`) : text
        },
        onData: (answer) => traffic.count('answered', answer.match(isAnswered)?.length ?? 0),
      })
    },
  })
}

const session = /"resumeToken"/g
const wrongPassword = /HTTP\/1\.1 401/g
const found = /HTTP\/1\.1 200/g
const login = (target: Target, username: string) =>
  post(target, '/api/v1/auth/login', { username, password: 'not the right one' })

/** Sends each call on its own connection, all concurrently. */
const momentDrill = (
  budget: string,
  what: string,
  spread: (n: number) => { username: string; address: string },
): Attack =>
  drill({
    budget,
    to: { concurrent: 1 },
    counts: 'answered',
    what,
    run: async (target, traffic) => {
      await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          const { username, address } = spread(n)
          const options = { from: target.proxyAddress, headers: { 'x-forwarded-for': address } }
          const body = { username, password: 'not the right one' }
          const { status } = await call(target, 'POST', '/auth/login', body, options)
          if (status === 401) traffic.count('answered')
        }),
      )
    },
  })

export const callDrills: Attack[] = [
  callDrill({
    budget: 'sessionsPerNetwork',
    count: 60,
    what: 'addresses of one /48 start sessions',
    ofNetwork: true,
    request: (target) => post(target, '/api/v1/widget/session', {}),
    isAnswered: session,
  }),
  callDrill({
    budget: 'sessionsPerCustomer',
    count: 10,
    what: 'one customer resumes a session repeatedly',
    prepare: newCustomer,
    request: (target, _, { token }) => post(target, '/api/v1/widget/session', { token }),
    isAnswered: session,
  }),
  callDrill({
    budget: 'continuationsPerAddress',
    count: 15,
    what: 'sixty customers behind one address continue their sessions',
    prepare: (target) => newCustomers(target, 60),
    request: (target, n, customers) =>
      post(target, '/api/v1/widget/session', { resumeToken: customers[n % customers.length]?.resumeToken }),
    isAnswered: session,
  }),
  callDrill({
    budget: 'continuationsPerNetwork',
    count: 15,
    what: 'sixty customers of one /48 resume their sessions',
    ofNetwork: true,
    prepare: (target) => newCustomers(target, 60),
    request: (target, n, customers) =>
      post(target, '/api/v1/widget/session', { resumeToken: customers[n % customers.length]?.resumeToken }),
    isAnswered: session,
  }),
  callDrill({
    budget: 'loginFailuresPerNetwork',
    count: 15,
    what: 'addresses of one /48 try passwords',
    ofNetwork: true,
    request: (target, n) => login(target, `u${n}`),
    isAnswered: wrongPassword,
  }),
  momentDrill('pendingLoginsPerAccount', 'eight addresses try passwords of one account at the same moment', (n) => ({
    username: 'somebody',
    address: `192.0.2.${n + 1}`,
  })),
  momentDrill('pendingLoginsPerAddress', 'one address tries passwords of eight accounts at the same moment', (n) => ({
    username: `u${n}`,
    address: '192.0.2.1',
  })),
  momentDrill('pendingLoginsPerNetwork', 'eight addresses of one /48 do', (n) => ({
    username: `u${n}`,
    address: `2001:db8:1:${n}::1`,
  })),
  callDrill({
    budget: 'httpRequestsPerCustomer',
    count: 20,
    what: 'one customer reads by HTTP',
    prepare: newCustomer,
    request: (target, n, { token }) => get(target, `/api/v1/conversations/${n}`, `Authorization: Bearer ${token}`),
    isAnswered: /HTTP\/1\.1 404/g,
  }),
  callDrill({
    budget: 'httpRequestsPerAgent',
    count: 20,
    what: 'one agent reads by HTTP',
    prepare: logIn,
    request: (target, _, token) => get(target, '/api/v1/me', `Authorization: Bearer ${token}`),
    isAnswered: found,
  }),
  callDrill({
    budget: 'pageRequestsPerAddress',
    count: 40,
    what: 'one address requests page files',
    request: (target) => get(target, '/kefu.js'),
    isAnswered: found,
  }),
  callDrill({
    budget: 'probesPerAddress',
    count: 40,
    what: 'one address requests the liveness check',
    request: (target) => get(target, '/healthz'),
    isAnswered: found,
  }),
  callDrill({
    budget: 'metricsGuessesPerAddress',
    count: 5,
    what: 'one address guesses METRICS_TOKEN',
    env: { METRICS_TOKEN: 'a token of the metrics that nobody guesses' },
    request: (target) => get(target, '/metrics', `Authorization: Bearer ${randomBytes(20).toString('hex')}`),
    isAnswered: wrongPassword,
  }),
  drill({
    budget: 'refusalsPerAddress',
    to: { count: 20, windowMs: 600_000 },
    counts: 'refused on one connection',
    most: { burst: 40, perSecond: 0 },
    what: 'an address continues after refusals',
    run: (target, traffic) =>
      repeatedly(traffic, 1, async () => {
        const socket = await openTcp(target, target.address())
        let answers = 0
        let refusals = 0
        socket.on('data', (piece) => {
          const text = piece.toString('latin1')
          answers += text.split('HTTP/1.1 ').length - 1
          refusals += text.split('HTTP/1.1 429').length - 1
          traffic.peak('refused on one connection', refusals)
        })
        for (let sent = 0; !socket.destroyed && !traffic.isOver(); sent++) {
          socket.write(get(target, '/api/v1/nothing'))
          while (answers <= sent && !socket.destroyed && !traffic.isOver()) await sleep(1)
        }
        socket.destroy()
      }),
  }),
  drill({
    budget: 'pipelinedRequests',
    to: { concurrent: 4 },
    counts: 'answered in one write',
    most: { burst: 10, perSecond: 0 },
    what: 'sixty requests in one write, repeatedly',
    run: (target, traffic) =>
      repeatedly(traffic, 1, async () => {
        const socket = await openTcp(target, target.address())
        let answers = 0
        socket.on('data', (piece) => {
          answers += piece.toString('latin1').split('HTTP/1.1 200').length - 1
          traffic.peak('answered in one write', answers)
        })
        socket.write(get(target, '/readyz').repeat(60))
        await sleep(300)
        socket.destroy()
      }),
  }),
]
