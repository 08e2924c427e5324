// npm run attack -- [--seconds 20] [--only NAME,NAME] [--pairs N] [--together MINUTES] [--seed S]: attacks a real Kefu
// process while a
// customer and an agent talk. --without BUDGET|all: removes one budget each and shows that the run detects it.
// --crowds: many harmless callers whom Kefu must not refuse. --markdown before|after: writes that column of
// docs/SECURITY.md. --checkout FOLDER: attacks the Kefu of another checkout. --list: names and ids. Exits 1 on failure.

import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { budgets } from '../../server/budgets/budgets.ts'
import { startChaosDatabase } from '../chaos/chaos-database.ts'
import { createRandom } from '../chaos/random.ts'
import { findRedis } from '../support/programs.ts'
import { attackNamed, attacks, drills, provingAttack } from './all-attacks.ts'
import type { Attack } from './attack.ts'
import { crowds } from './attacks/crowds.ts'
import { expensiveAvif } from './images.ts'
import { tableHead, tableRow, withFigures } from './report.ts'
import { type Figures, megabytes, type RoundOptions, runRound } from './round.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))
const say = (text: string) => void process.stdout.write(`${text}\n`)

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    only: { type: 'string' },
    pairs: { type: 'string' },
    together: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    without: { type: 'string' },
    crowds: { type: 'boolean', default: false },
    markdown: { type: 'string' },
    checkout: { type: 'string', default: source },
    list: { type: 'boolean', default: false },
  },
})

type Common = Omit<RoundOptions, 'attacks'>

const canRun = ({ needsRedis }: Attack) => !needsRedis || findRedis() !== undefined
const chosen = (values.only?.split(',').map(attackNamed) ?? [...attacks]).filter(canRun)

async function run(): Promise<boolean> {
  if (values.list) {
    for (const { name, ids, what } of attacks) say(`${name.padEnd(40)} ${ids.join(', ').padEnd(10)} ${what}`)
    say('\ndrills, for --without BUDGET:')
    for (const { name, proves = [], what } of drills) say(`${name.padEnd(40)} ${proves.join(', ').padEnd(30)} ${what}`)
    return true
  }
  const folder = await mkdtemp(join(tmpdir(), 'kefu-attack-'))
  const database = await startChaosDatabase(join(folder, 'database'))
  let databases = 0
  const common: Common = {
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    checkout: resolve(values.checkout),
    folder,
    avif: await expensiveAvif(),
    async newDatabase() {
      const name = `attacked${++databases}`
      const url = new URL(database.adminUrl)
      url.pathname = `/${name}`
      return { url: url.href, drop: async () => void (await database.query(`DROP DATABASE IF EXISTS ${name}`)) }
    },
  }
  say(`seed ${common.seed}, ${common.seconds} s each`)
  try {
    if (values.crowds) return await runCrowds(common)
    if (values.without !== undefined) return await removeBudgets(common, values.without)
    if (values.together !== undefined) return await attackTogether(common, Number(values.together))
    if (values.pairs !== undefined) return await attackInPairs(common, Number(values.pairs))
    return await attackAlone(common)
  } finally {
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A busy machine may be too slow to start a round, which says nothing about the attack. */
async function runAgainIfStopped(options: RoundOptions): Promise<Figures> {
  try {
    return await runRound(options)
  } catch (error) {
    say(`${options.attacks.map(({ name }) => name).join(' + ')} starts again: ${error}`)
    return await runRound(options)
  }
}

async function attackAlone(common: Common): Promise<boolean> {
  const groups = chosen.map((attack) => [attack])
  const all = await rounds(groups, common, (figures) => {
    const { markdown } = values
    if (markdown !== 'before' && markdown !== 'after') return
    const path = join(source, 'docs/SECURITY.md')
    writeFileSync(path, withFigures(readFileSync(path, 'utf8'), markdown, [figures]))
  })
  return all.every(({ problems }) => problems.length === 0)
}

async function attackInPairs(common: Common, count: number): Promise<boolean> {
  const random = createRandom(common.seed)
  const pairs = Array.from({ length: count }, () => random.shuffle(chosen).slice(0, 2))
  const all = await rounds(pairs, { ...common, criteria: { p95Ms: 1_000 } })
  return all.every(({ problems }) => problems.length === 0)
}

/** This run requires that nothing ends and nothing is lost; the rest is only reported. */
async function attackTogether(common: Common, minutes: number): Promise<boolean> {
  const criteria = { p95Ms: Number.POSITIVE_INFINITY, growthBytes: Number.POSITIVE_INFINITY, needsFloor: false }
  const figures = await runAgainIfStopped({
    ...common,
    attacks: chosen,
    totalSeconds: minutes * 60,
    processes: 4,
    criteria,
  })
  say(tableHead())
  say(tableRow({ ...figures, name: `all ${chosen.length} for ${minutes} minutes`, traffic: [] }))
  for (const each of figures.traffic) say(tableRow({ ...figures, name: `  ${each.name}`, traffic: [each] }))
  return !figures.exited && figures.pair.lost === 0
}

async function rounds(
  groups: readonly (readonly Attack[])[],
  common: Common,
  onFigures: (figures: Figures) => void = () => undefined,
): Promise<Figures[]> {
  const all: Figures[] = []
  const startedAt = performance.now()
  say(tableHead())
  for (const group of groups) {
    const figures = await runAgainIfStopped({ ...common, attacks: group })
    all.push(figures)
    say(tableRow(figures))
    onFigures(figures)
  }
  const failed = all.filter(({ problems }) => problems.length > 0).map(({ name }) => name)
  const took = `${Math.round((performance.now() - startedAt) / 1000)} s`
  say(`${all.length - failed.length} of ${all.length} repelled in ${took}. Failed: ${failed.join(', ') || 'none'}`)
  return all
}

/** A budget counts as detected if its attack is repelled with it and succeeds without it. */
async function removeBudgets(common: Common, which: string): Promise<boolean> {
  const names = which === 'all' ? Object.keys(budgets) : which.split(',')
  const isRepelled = new Map<string, boolean>()
  let isClean = true
  for (const budget of names) {
    const attack = provingAttack(budget)
    if (attack === undefined) {
      say(`MISSED ${budget}: no attack proves it`)
      isClean = false
      continue
    }
    if (!canRun(attack)) continue
    const { name } = attack
    // If an attack has counts, they decide: the latency of others proves nothing about one budget.
    const criteria = attack.most ? { p95Ms: Number.POSITIVE_INFINITY, needsFloor: false } : {}
    const options = { ...common, attacks: [attack], criteria }
    if (!isRepelled.has(name)) {
      const { problems } = await runAgainIfStopped(options)
      isRepelled.set(name, problems.length === 0)
      say(`${problems.length === 0 ? 'clean ' : 'FALSE '} ${name}, all budgets in place. ${problems.join('; ')}`)
    }
    const { problems } = await runAgainIfStopped({ ...options, without: budget })
    isClean &&= problems.length > 0 && isRepelled.get(name) === true
    say(`${problems.length > 0 ? 'caught' : 'MISSED'} ${budget} removed, by ${name}. ${problems.join('; ')}`)
  }
  return isClean
}

/** Floods that come from the address of a crowd. */
const floods = ['polling-handshakes', 'tiny-frames', 'not-found', 'logins-of-one-address']

/** The allowed memory grows with the crowd's connections. */
async function runCrowds(common: Common): Promise<boolean> {
  const criteria = { growthBytes: Number.POSITIVE_INFINITY, needsFloor: false }
  let isFine = true
  for (const crowd of crowds) {
    if (values.only !== undefined && !values.only.split(',').includes(crowd.name)) continue
    const isAttacked = crowd.name === 'open-conversations'
    const { problems, growthBytes, traffic } = await runAgainIfStopped({
      ...common,
      attacks: isAttacked ? [crowd, ...floods.map(attackNamed)] : [crowd],
      fromPairsAddress: isAttacked,
      // A crowd ends by itself, and later on a shared machine.
      seconds: isAttacked ? common.seconds : Math.max(common.seconds, 180),
      criteria: isAttacked ? { ...criteria, p95Ms: 1_000 } : criteria,
    })
    isFine &&= problems.length === 0
    const figures = `${traffic[0]?.traffic.requests ?? 0} requests, +${megabytes(growthBytes)}`
    say(
      `${problems.length === 0 ? 'served ' : 'REFUSED'} ${crowd.name} (${figures}): ${crowd.what}. ${problems.join('; ')}`,
    )
  }
  return isFine
}

// The processes that we started end with us.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
process.exit((await run()) ? 0 : 1)
