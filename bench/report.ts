// The figures for people, a line each with its target beside it, and for programs as JSON.

import { writeFileSync } from 'node:fs'
import type { Figure, Target } from './figures.ts'
import type { Disturbance, Machine } from './machine.ts'
import type { Options } from './options.ts'

export interface Results {
  machine: Machine
  startedAt: string
  /** What the whole run took. */
  seconds: number
  options: Options
  parts: Record<string, Figure[]>
  /** Measurements during which others used the machine, after being repeated. */
  disturbances: Disturbance[]
}

export function print({ machine, seconds, parts, disturbances, options }: Results): void {
  const { processor, cores, memoryGiB, system, node, loadAverage } = machine
  console.log(`\n${cores} × ${processor}, ${memoryGiB} GiB, ${system}, Node ${node}, load ${loadAverage.join(' ')}`)
  for (const [name, figures] of Object.entries(parts)) {
    console.log(`\n${name}`)
    const width = Math.max(...figures.map((figure) => figure.name.length))
    for (const figure of figures) console.log(`  ${figure.name.padEnd(width)}  ${told(figure)}`)
  }
  for (const { what, cores } of disturbances)
    console.log(`\nDISTURBED: others used ${cores.toFixed(2)} cores during ${what}`)
  console.log(`\nMedians of ${options.rounds}; ${Math.round(seconds)} s in all.`)
}

function told({ value, unit, rounds, target, isMet }: Figure): string {
  const spread = rounds.length > 1 ? `  (${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))})` : ''
  const judged = target === undefined ? '' : `  target ${goal(target)}: ${isMet ? 'met' : 'NOT MET'}`
  return `${`${shown(value)} ${unit}`.padStart(16)}${spread}${judged}`
}

const goal = (target: Target) =>
  'atLeast' in target ? `at least ${target.atLeast}` : `at most ${Number(target.atMost.toPrecision(3))}`

/** Three significant digits are what such figures bear. */
function shown(value: number): string {
  if (Number.isNaN(value)) return '-'
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}

export function writeJson(file: string, results: Results): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}
