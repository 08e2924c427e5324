// A short attack run: a real process, several concurrent attacks, and a control pair that must not notice. Memory and
// loss use the limits of `npm run attack`; latency is generous because other programs share this machine.

import { fileURLToPath } from 'node:url'
import { describe, expect, inject, test } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { dropDatabase, newDatabaseUrl } from '../support/database.ts'
import { attackNamed, attacks, drills, provingAttack } from './all-attacks.ts'
import { type Attack, exceededLimits } from './attack.ts'
import { applyChanges } from './change-budgets.ts'
import { withFigures } from './report.ts'
import { type Figures, type RoundOptions, runRound } from './round.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))

const round = (names: readonly string[], options: Partial<RoundOptions> = {}): Promise<Figures> =>
  runRound({
    attacks: names.map(attackNamed),
    seconds: 3,
    seed: 1,
    checkout: source,
    folder: inject('testFolder'),
    avif: '',
    quietMs: 500,
    async newDatabase() {
      const url = newDatabaseUrl()
      return { url, drop: () => dropDatabase(url) }
    },
    ...options,
    criteria: { p95Ms: 5_000, needsFloor: false },
  })

// Resident memory comes from /proc, and attackers use their own addresses in 127.0.0.0/8.
describe.runIf(process.platform === 'linux')('a customer and an agent keep talking', () => {
  test.each<[about: string, names: readonly string[]]>([
    ['[S1] [S6] floods of frames', ['pings-unread', 'tiny-frames', 'large-frames', 'heartbeats']],
    [
      '[S2] [S29] floods of handshakes',
      ['polling-handshakes', 'upgrade-storm', 'sessions-without-token', 'wrong-tokens'],
    ],
    [
      '[S8] [S9] [S11] floods of calls',
      ['readyz-and-widget', 'paths-spelled-otherwise', 'logins-of-one-network', 'slow-bodies'],
    ],
    ['[S3] [S7] [S12] [S20] costly requests', ['start-and-close', 'large-messages', 'dots-in-a-name', 'slow-uploads']],
  ])('[FZ2] during %s', async (_, names) => {
    const { pair, problems, traffic } = await round(names)
    expect(problems).toEqual([])
    expect(pair.lost).toBe(0)
    expect(pair.sent).toBeGreaterThan(3)
    const idle = traffic.filter(({ traffic: { requests = 0, connections = 0 } }) => requests + connections === 0)
    expect(idle).toEqual([])
  })

  test('[MS7] fails the run when a budget is removed', async () => {
    expect((await round(['drill-customerMessages'])).problems).toEqual([])
    const { problems } = await round(['drill-customerMessages'], { without: 'customerMessages' })
    expect(problems.join()).toMatch(/message:send accepted, at most \d+ expected/)
  })
})

describe('the list of attacks', () => {
  const all = [...attacks, ...drills]

  test('has at least thirty, each with a unique name and a minimum of traffic', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(30)
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
    expect(attacks.filter(({ floor }) => Object.keys(floor).length === 0)).toEqual([])
  })

  test('covers every weakness that a flood can exploit, and new ones', () => {
    const ids = new Set(attacks.flatMap((attack: Attack) => attack.ids))
    const expected = ['S1', 'S2', 'S3', 'S4', 'S6', 'S7', 'S8', 'S9', 'S10', 'S11', 'S12', 'S13', 'S14', 'S20', 'new']
    expect(expected.filter((id) => !ids.has(id))).toEqual([])
  })

  /** Nothing that a caller sends fails inside, so this budget is proved by a fault of the test's own. */
  const provedElsewhere = ['failureLogLines']

  test.each(Object.keys(budgets).filter((name) => !provedElsewhere.includes(name)))('prove the budget %s', (name) => {
    expect(provingAttack(name)?.name).toBeDefined()
  })
})

describe('the attack run', () => {
  test("reports counts beyond a limit, with ten percent for a round's extra time", () => {
    const most = { sessions: { burst: 30, perSecond: 0.5 } }
    expect(exceededLimits(most, { sessions: 46 }, 20)).toEqual([])
    expect(exceededLimits(most, { sessions: 47 }, 20)).toEqual(['47 sessions, at most 46 expected'])
    expect(exceededLimits(most, {}, 20)).toEqual([])
  })

  test('removes whole budgets or lowers single numbers, and rejects unknown names', () => {
    const table = { messages: { count: 20, windowMs: 10_000 }, slots: { concurrent: 4 } }
    applyChanges(table, { messages: null, slots: { concurrent: 1 } })
    expect(table).toEqual({ messages: { count: 1e9, windowMs: 10_000 }, slots: { concurrent: 1 } })
    expect(() => applyChanges(table, { others: null })).toThrow('unknown budget "others"')
    expect(() => applyChanges({ odd: { litres: 1 } }, { odd: null })).toThrow(
      'add an unreachable value for "litres" of odd',
    )
  })

  test('writes one column of the report and keeps the other', () => {
    const page =
      'Before.\n<!-- attack run: npm run attack -- --markdown before|after -->\n<!-- end of the attack run -->\nAfter.\n'
    const figures: Figures = {
      name: 'pings-unread',
      pair: { p50: 1, p95: 2, p99: 3, sent: 4, refused: 0, cut: 0, lost: 0, thrown: 0 },
      residentBytes: 200e6,
      growthBytes: 10e6,
      recoveryMs: 0,
      exited: false,
      logLines: 0,
      traffic: [],
      problems: [],
    }
    const before = withFigures(page, 'before', [{ ...figures, exited: true }])
    expect(before).toMatch(/^\| `pings-unread` \|.*\| \*\*the process ends\*\*, \+10 MB \| {2}\|$/m)
    const both = withFigures(before, 'after', [figures])
    expect(both).toMatch(/^\| `pings-unread` \|.*\| \*\*the process ends\*\*, \+10 MB \| p95 2 ms, \+10 MB \|$/m)
    expect(both.startsWith('Before.\n') && both.endsWith('\nAfter.\n')).toBe(true)
  })
})
