// The figures for people, as Markdown tables with the targets beside them, and for programs as JSON.

import { writeFileSync } from 'node:fs'
import type { Disturbance, Machine } from './machine.ts'
import type { Metric, Target } from './metrics.ts'
import type { Options } from './options.ts'

export interface Results {
  machine: Machine
  startedAt: string
  /** What the whole run took. */
  seconds: number
  options: Options
  parts: Record<string, Metric[]>
  /** Measurements during which others used the machine, after being repeated. */
  disturbances: Disturbance[]
}

export function print({ machine, startedAt, seconds, parts, disturbances, options }: Results): void {
  const { processor, cores, memoryGiB, system, node, loadAverage } = machine
  const minutes = `${startedAt.slice(0, 16).replace('T', ' ')} UTC`
  console.log(
    `\n${minutes}; ${cores} × ${processor}, ${memoryGiB} GiB, ${system}, Node ${node}; load ${loadAverage.join(', ')}`,
  )
  for (const [name, metrics] of Object.entries(parts)) {
    console.log(`\n### ${name}\n`)
    printTable([['figure', 'ours', 'lowest', 'highest', 'bare', 'ours/bare', 'target', ''], ...metrics.map(row)])
  }
  console.log(`\nMedians of ${options.rounds}; ${Math.round(seconds)} s in all.`)
  for (const { what, cores } of disturbances)
    console.log(`Disturbed: others used ${cores.toFixed(2)} cores during ${what}.`)
}

function row({ name, value, unit, rounds, bare, ratio, target, isMet }: Metric): string[] {
  const range = rounds.length > 1 ? [formatNumber(Math.min(...rounds)), formatNumber(Math.max(...rounds))] : ['', '']
  const beside = bare === undefined || ratio === undefined ? ['', ''] : [formatNumber(bare.value), formatNumber(ratio)]
  const verdict = target === undefined ? ['', ''] : [formatTarget(target), isMet ? 'met' : '**not met**']
  return [name, `${formatNumber(value)} ${unit}`.trim(), ...range, ...beside, ...verdict]
}

function formatTarget(target: Target): string {
  const bound =
    'atLeast' in target ? `at least ${formatNumber(target.atLeast)}` : `at most ${formatNumber(target.atMost)}`
  return target.of === 'ratio' ? `ours/bare ${bound}` : bound
}

/** Three significant digits are what such figures bear. */
function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '-'
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}

function printTable(rows: string[][]): void {
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] as string).length)),
  )
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const padded = rows.map((row) => {
    return line(
      row.map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      ),
    )
  })
  const rule = line(widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)))
  console.log([padded[0], rule, ...padded.slice(1)].join('\n'))
}

export function writeJson(file: string, results: Results): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}
