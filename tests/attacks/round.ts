// One round: its own Kefu, the control pair, attackers in their own processes, and the result.

import { fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { budgets } from '../../server/budgets/budgets.ts'
import { type Attack, exceededLimits, floorStatus, type Traffic } from './attack.ts'
import type { AttackerOptions, Report } from './attacker.ts'
import type { BudgetChanges } from './change-budgets.ts'
import { type ControlPair, type PairFigures, startControlPair } from './control-pair.ts'
import { type KefuProcess, proxyAddress, startKefuProcess } from './kefu-process.ts'

export interface RoundOptions {
  /** All of them run concurrently. */
  attacks: readonly Attack[]
  seconds: number
  /** Attacks restart until this time. */
  totalSeconds?: number
  /** The number of attacker processes; one per attack by default. */
  processes?: number
  seed: number
  checkout: string
  folder: string
  /** The URL of a database that does not exist yet. */
  newDatabase(): Promise<{ url: string; drop(): Promise<void> }>
  avif: string
  /** The budget to remove. */
  without?: string
  /** Attackers share the control pair's address. */
  fromPairsAddress?: boolean
  /** Runs before the attack starts. */
  quietMs?: number
  criteria?: Partial<Criteria>
}

export interface Criteria {
  p95Ms: number
  growthBytes: number
  /** False if an attack with too little traffic is no failure, as on a shared machine. */
  needsFloor: boolean
}

const usualCriteria: Criteria = { p95Ms: 500, growthBytes: 250_000_000, needsFloor: true }

export interface AttackTraffic {
  name: string
  traffic: Traffic
  floor: 'met' | 'cut' | 'weak'
}

export interface Figures {
  name: string
  pair: PairFigures
  residentBytes: number
  growthBytes: number
  recoveryMs: number | null
  exited: boolean
  logLines: number
  traffic: AttackTraffic[]
  /** Empty when the attack is repelled. */
  problems: string[]
}

const admin = { username: 'admin', password: 'correct horse battery' }
const recoveryMs = 30_000
const usualQuietMs = 2_000

export async function runRound(options: RoundOptions): Promise<Figures> {
  const { attacks, checkout, folder, without } = options
  const lowered: BudgetChanges = Object.fromEntries(
    attacks.flatMap(({ lowered = {} }) => Object.entries(lowered)).filter(([name]) => Object.hasOwn(budgets, name)),
  )
  const env: Record<string, string> = Object.assign({}, ...attacks.map((each) => each.env ?? {}))
  const database = await options.newDatabase()
  let kefu: KefuProcess | undefined
  let pair: ControlPair | undefined
  const attackers: Attacker[] = []
  try {
    kefu = await startKefuProcess({
      checkout,
      folder,
      databaseUrl: database.url,
      adminPassword: admin.password,
      withRedis: attacks.some(({ needsRedis }) => needsRedis),
      env,
      changes: { ...lowered, ...(without === undefined ? {} : { [without]: null }) },
    })
    pair = await startControlPair(kefu.url, admin)
    attackers.push(...startAttackers(options, kefu))
    const failures = (await Promise.all(attackers.map((each) => each.ready))).flat()
    await sleep(options.quietMs ?? usualQuietMs)
    return await measure(options, kefu, pair, attackers, failures)
  } finally {
    for (const each of attackers) each.kill()
    pair?.close()
    await kefu?.stop()
    await database.drop()
  }
}

async function measure(
  options: RoundOptions,
  kefu: KefuProcess,
  pair: ControlPair,
  attackers: readonly Attacker[],
  failures: readonly string[],
): Promise<Figures> {
  const { attacks, seconds, totalSeconds = seconds } = options
  const before = kefu.residentBytes()
  const linesBefore = kefu.logLines()
  let peak = before
  let exited = false
  const watch = setInterval(() => {
    peak = Math.max(peak, kefu.residentBytes())
  }, 100)
  const ended = kefu.exited.then(() => {
    exited = true
  })

  pair.begin()
  for (const each of attackers) each.begin()
  // Do not wait for an attacker that never ends.
  const late = sleep((totalSeconds + 20) * 1000, undefined, { ref: false })
  await Promise.race([Promise.all(attackers.map((each) => each.over)), ended, late])
  const logLines = kefu.logLines() - linesBefore
  const recovery = exited ? null : await Promise.race([pair.recovered(recoveryMs), ended.then(() => null)])
  const figures = exited ? await pair.finish() : await Promise.race([pair.finish(), sleep(60_000).then(() => null)])
  clearInterval(watch)
  for (const each of attackers) each.kill()

  const counted = (await Promise.all(attackers.map((each) => Promise.race([each.over, {} as Record<string, Traffic>]))))
    .flatMap((each) => Object.entries(each))
    .map(([name, traffic]): [string, Traffic] => [name, { ...traffic, 'log lines': logLines }])
  const traffic = attacks.map((attack): AttackTraffic => {
    const own = counted.find(([name]) => name === attack.name)?.[1] ?? {}
    return { name: attack.name, traffic: own, floor: exited ? 'met' : floorStatus(attack, own, seconds) }
  })
  const result: Omit<Figures, 'problems'> = {
    name: attacks.map(({ name }) => name).join(' + '),
    pair: figures ?? { p50: 0, p95: 0, p99: 0, sent: 0, refused: 0, cut: 0, lost: 1, thrown: 0 },
    residentBytes: peak,
    growthBytes: peak - before,
    recoveryMs: recovery,
    exited,
    logLines,
    traffic,
  }
  return { ...result, problems: [...failures, ...problemsOf(result, options)] }
}

function problemsOf(
  figures: Omit<Figures, 'problems'>,
  { attacks, seconds, totalSeconds = seconds, ...options }: RoundOptions,
) {
  const criteria = { ...usualCriteria, ...options.criteria }
  const { pair, growthBytes, exited, traffic } = figures
  const problems: string[] = []
  if (exited) problems.push('a process has ended')
  if (pair.lost > 0) problems.push(`${pair.lost} messages lost`)
  if (pair.p95 > criteria.p95Ms) problems.push(`p95 ${milliseconds(pair.p95)}`)
  if (growthBytes > criteria.growthBytes) problems.push(`${megabytes(growthBytes)} more memory`)
  if (pair.thrown > 0) problems.push(`the pair's clients could not read ${pair.thrown} events`)
  if (pair.refused > 0) problems.push(`${pair.refused} messages refused`)
  // Concurrent or repeated attacks share each limit.
  const isAlone = attacks.length === 1 && totalSeconds === seconds
  for (const [index, attack] of attacks.entries()) {
    const own = traffic[index]
    if (isAlone || attack.isCrowd) problems.push(...exceededLimits(attack.most, own?.traffic ?? {}, seconds))
    if (isAlone && criteria.needsFloor && own?.floor === 'weak') {
      problems.push('too little traffic: this attack proves nothing')
    }
  }
  return problems
}

export const milliseconds = (ms: number) =>
  ms === Number.POSITIVE_INFINITY ? 'never' : ms >= 1_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms)} ms`

export const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

interface Attacker {
  /** Attacks that could not be prepared. */
  ready: Promise<string[]>
  begin(): void
  over: Promise<Record<string, Traffic>>
  kill(): void
}

const entry = fileURLToPath(new URL('./attacker.ts', import.meta.url))

/** Loopback networks, one per attack: 127.10.x.y and up. */
const firstNetwork = 10

function startAttackers(options: RoundOptions, kefu: KefuProcess): Attacker[] {
  const {
    attacks,
    seconds,
    totalSeconds = seconds,
    processes = attacks.length,
    seed,
    avif,
    fromPairsAddress = false,
  } = options
  const groups = Array.from({ length: processes }, (_, group) => attacks.filter((_, n) => n % processes === group))
  let network = firstNetwork
  return groups.map((group) => {
    const attackerOptions: AttackerOptions = {
      names: group.map(({ name }) => name),
      target: { host: kefu.host, port: kefu.port, proxyAddress, admin, files: { avif }, redisUrl: kefu.redisUrl },
      network,
      fromHere: fromPairsAddress,
      seconds,
      totalSeconds,
      seed: seed + network,
    }
    network += group.length
    return startAttacker(attackerOptions)
  })
}

function startAttacker(attackerOptions: AttackerOptions): Attacker {
  const child = fork(entry, [], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const failures: string[] = []
  const endToo = () => child.kill('SIGKILL')
  process.once('exit', endToo)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void exited.then(() => process.off('exit', endToo))
  const received = <K extends Report['kind']>(kind: K) =>
    new Promise<Extract<Report, { kind: K }> | null>((resolve) => {
      child.on('message', (report: Report) => {
        if (report.kind === kind) resolve(report as Extract<Report, { kind: K }>)
      })
      void exited.then(() => resolve(null))
    })
  child.on('message', (report: Report) => {
    if (report.kind === 'failed') failures.push(`${report.name} could not be prepared: ${report.reason}`)
  })
  const ready = received('ready')
  const over = received('over')
  child.send(attackerOptions)
  return {
    ready: ready.then(() => failures),
    begin: () => void child.send('begin'),
    over: over.then((report) => report?.traffic ?? {}),
    kill: () => void child.kill('SIGKILL'),
  }
}
