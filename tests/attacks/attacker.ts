// The attacker process: prepares, reports ready, attacks on request and reports its counts. It runs at the lowest
// priority, so the server keeps its processor. In rounds, each attack restarts with new accounts until the time is
// over.

import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../chaos/random.ts'
import { attackNamed } from './all-attacks.ts'
import { type Attack, createBudget, type Target, type Traffic } from './attack.ts'

/** What the run requests of this process. */
export interface AttackerOptions {
  names: readonly string[]
  target: Omit<Target, 'address' | 'random'>
  /** Each attack has its own network, 127.(network + index).x.y, with 127.0.0.1 first if `fromHere`. */
  network: number
  fromHere: boolean
  seconds: number
  /** Summed over all rounds. */
  totalSeconds: number
  seed: number
}

export type Report =
  | { kind: 'ready' }
  | { kind: 'failed'; name: string; reason: string }
  | { kind: 'over'; traffic: Record<string, Traffic> }

const report = (message: Report) => new Promise((resolve) => process.send?.(message, resolve))

process.on('disconnect', () => process.exit(0))
// An unhandled rejection of one attack must not end the others.
process.on('unhandledRejection', () => undefined)
process.on('uncaughtException', () => undefined)

process.once('message', async (options: AttackerOptions) => {
  setPriority(10)
  const members = options.names.map((name, index) => ({ attack: attackNamed(name), target: targetOf(options, index) }))
  const preparations = await Promise.all(
    members.map(async ({ attack, target }) => {
      try {
        return { prepared: await prepareAttack(attack, target) }
      } catch (error) {
        await report({ kind: 'failed', name: attack.name, reason: String(error) })
        return null
      }
    }),
  )
  const started = new Promise((resolve) => process.once('message', resolve))
  await report({ kind: 'ready' })
  await started

  const endsAt = performance.now() + options.totalSeconds * 1000
  const hasRounds = options.totalSeconds > options.seconds
  const traffic: Record<string, Traffic> = {}
  await Promise.all(
    members.map(async ({ attack, target }, index) => {
      let prepared = preparations[index]
      for (let round = 0; round === 0 || (hasRounds && performance.now() < endsAt - 500); round++) {
        const seconds = Math.min(options.seconds, (endsAt - performance.now()) / 1000)
        const budget = createBudget(seconds)
        // A round that cannot prepare, because the server already refuses it, attacks nothing.
        if (prepared) {
          await Promise.race([
            attack.run(target, budget, prepared.prepared).catch(() => undefined),
            sleep(seconds * 1000 + 500),
          ])
        } else await sleep(1_000)
        traffic[attack.name] = sum(traffic[attack.name], budget.traffic)
        if (hasRounds && performance.now() < endsAt - 1_000) {
          prepared = await prepareAttack(attack, target).then(
            (again) => ({ prepared: again }),
            () => null,
          )
        }
      }
    }),
  )
  await report({ kind: 'over', traffic })
  process.exit(0)
})

const prepareAttack = async (attack: Attack, target: Target): Promise<unknown> => await attack.prepare?.(target)

function sum(before: Traffic = {}, more: Traffic): Traffic {
  const total = { ...before }
  for (const [what, count] of Object.entries(more)) total[what] = (total[what] ?? 0) + count
  return total
}

function targetOf({ target, network, fromHere, seed }: AttackerOptions, attackIndex: number): Target {
  return {
    ...target,
    address: (index = 0) =>
      fromHere && index === 0
        ? '127.0.0.1'
        : `127.${network + attackIndex}.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    random: createRandom(seed + attackIndex),
  }
}
