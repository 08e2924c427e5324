// One drill per budget of handshakes, sessions and open connections.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, drill, type Target } from '../attack.ts'
import { ofRate } from '../bounds.ts'
import { logIn, newCustomer, newCustomers } from '../wire/accounts.ts'
import { pipeline, post, repeatedly } from '../wire/raw-socket.ts'
import { frame, keepOpen, openWebSocket, times } from '../wire/web-socket.ts'
import { floodFrames } from './control-frames.ts'

/** WebSockets that connect with a wrong token, one after another. */
const wrongTokens = (budget: string, from: (target: Target, n: number) => string): Attack =>
  drill({
    budget,
    to: { count: 20, windowMs: 60_000 },
    counts: 'tokens looked at',
    what: 'WebSockets connect with a wrong token, as many as are accepted',
    run: (target, budget) =>
      repeatedly(budget, 10, async (_, n) => {
        budget.count('connections')
        const raw = await openWebSocket(target, { from: from(target, n) }).catch(async (error: unknown) => {
          budget.count('refusals')
          await sleep(20)
          throw error
        })
        const answered = new Promise<string>((resolve) => {
          raw.onText = (text) => text.startsWith('44') && resolve(text)
        })
        await raw.write(frame('text', '40{"token":"none"}'))
        const answer = await Promise.race([answered, raw.closed, budget.over])
        budget.count(answer?.includes('unauthorized') ? 'tokens looked at' : 'refusals')
        raw.end()
      }),
  })

/** Sessions that stay without a token. */
const pending = (budget: string, from: (target: Target, index: number) => string): Attack =>
  drill({
    budget,
    to: { concurrent: 10 },
    counts: 'open',
    what: 'WebSockets without a token stay as long as allowed',
    run: (target, budget) => keepOpen(target, budget, 40, { from: (index) => from(target, index) }),
  })

/** Accepted connections that stay open. */
const tabs = (
  budget: string,
  who: 'customer' | 'agent' | 'customers',
  from: (target: Target, index: number) => string = (target) => target.address(),
): Attack =>
  drill({
    budget,
    to: { concurrent: 10 },
    counts: 'open',
    what: `${who === 'customers' ? '30 customers' : `one ${who}`} keep as many connections open as allowed`,
    prepare: async (target) =>
      who === 'agent'
        ? [await logIn(target)]
        : (await newCustomers(target, who === 'customer' ? 1 : 30)).map(({ token }) => token),
    run: (target, budget, tokens) => keepOpen(target, budget, 30, { tokens, from: (index) => from(target, index) }),
  })

export const handshakeDrills: Attack[] = [
  attack({
    name: 'anonymous-sessions',
    ids: ['S2'],
    isDrill: true,
    proves: ['sessionsPerAddress'],
    what: 'one address starts as many anonymous sessions as allowed',
    floor: { requests: 50 },
    most: { sessions: ofRate('sessionsPerAddress') },
    run: (target, budget) =>
      pipeline(target, budget, {
        connections: 4,
        perWrite: 4,
        inFlight: 8,
        request: () => post(target, '/api/v1/widget/session', {}),
        onData: (text) => budget.count('sessions', text.split('"resumeToken"').length - 1),
      }),
  }),
  wrongTokens('handshakesPerAddress', (target) => target.address()),
  wrongTokens('handshakes', (target, n) => target.address(n % 200)),
  pending('pendingHandshakesPerAddress', (target) => target.address()),
  pending('pendingHandshakes', (target, index) => target.address(index)),
  tabs('connectionsPerCustomer', 'customer'),
  tabs('connectionsPerAgent', 'agent'),
  tabs('connectionsPerAddress', 'customers'),
  tabs('connections', 'customers', (target, index) => target.address(index)),
  drill({
    budget: 'handshakesPerUser',
    to: { count: 10, windowMs: 600_000 },
    counts: 'connected',
    what: 'one customer connects and disconnects as often as allowed',
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 2, async () => {
        const raw = await openWebSocket(target, { token }).catch(async (error: unknown) => {
          await sleep(50)
          throw error
        })
        budget.count('connected')
        raw.end()
      }),
  }),
  drill({
    budget: 'violationsPerAddress',
    to: { count: 3, windowMs: 600_000 },
    counts: 'cuts',
    what: 'one address floods a new connection whenever the previous one was closed',
    run: (target, budget) => floodFrames(target, budget, { frames: times(200, frame('ping')), count: 200 }),
  }),
  drill({
    budget: 'violationsPerUser',
    to: { count: 3, windowMs: 600_000 },
    counts: 'cuts',
    what: 'one customer does the same from many addresses',
    prepare: newCustomer,
    run: (target, budget, { token }) => {
      let n = 0
      const moving = { ...target, address: () => target.address(n++ % 200) }
      return floodFrames(moving, budget, { frames: times(200, frame('ping')), count: 200, token })
    },
  }),
]
