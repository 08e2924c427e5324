// The results of a run: table rows for the terminal, and one column of the table in docs/SECURITY.md.

import { attacks } from './all-attacks.ts'
import { type AttackTraffic, type Figures, megabytes, milliseconds } from './round.ts'

const columns = ['attack', 'traffic', 'memory', 'p50 / p95 / p99', 'refused, lost', 'recovery', 'verdict'] as const
const widths = [38, 44, 20, 28, 14, 10, 0] as const

const line = (cells: readonly string[]) =>
  cells
    .map((cell, n) => cell.padEnd(widths[n] ?? 0))
    .join(' ')
    .trimEnd()

export const tableHead = (): string => line(columns)

export function tableRow(figures: Figures): string {
  const { name, pair, residentBytes, growthBytes, recoveryMs, exited, problems } = figures
  return line([
    name,
    figures.traffic.map(trafficText).join('; '),
    exited ? `${megabytes(residentBytes)}, ended` : `${megabytes(residentBytes)} (+${megabytes(growthBytes)})`,
    [pair.p50, pair.p95, pair.p99].map(milliseconds).join(' / '),
    `${pair.refused}, ${pair.lost}`,
    recoveryMs === null ? 'never' : milliseconds(recoveryMs),
    problems.length === 0 ? 'repelled' : `FAILED: ${problems.join('; ')}`,
  ])
}

/** The traffic sent, and how often the server ended it. */
export function trafficText({ traffic, floor }: AttackTraffic): string {
  const parts = (['requests', 'connections', 'bytes', 'cuts', 'refusals'] as const).flatMap((what) => {
    const count = traffic[what] ?? 0
    if (count === 0) return []
    return [what === 'bytes' ? megabytes(count) : `${short(count)} ${what}`]
  })
  return `${parts.join(', ') || 'none'}${floor === 'met' ? '' : ` (${floor})`}`
}

const short = (count: number) =>
  count < 10_000 ? String(count) : count < 1e6 ? `${Math.round(count / 1_000)}k` : `${(count / 1e6).toFixed(1)}M`

const begin = '<!-- attack run: npm run attack -- --markdown before|after -->'
const end = '<!-- end of the attack run -->'

/** One cell: the outcome of an attack. */
function cell({ pair, growthBytes, exited, problems }: Figures): string {
  if (exited) return `**the process ends**, +${megabytes(growthBytes)}`
  const lost = `${pair.refused > 0 ? `, ${pair.refused} refused` : ''}${pair.lost > 0 ? `, ${pair.lost} lost` : ''}`
  const others = problems.filter((problem) => !/^p95|more memory$|messages|too little/.test(problem))
  const text = [`p95 ${milliseconds(pair.p95)}, +${megabytes(growthBytes)}${lost}`, ...others].join('; ')
  return problems.length === 0 ? text : `**${text}**`
}

/** Replaces one column of `page`. The other column and rows of attacks that did not run stay. */
export function withFigures(page: string, column: 'before' | 'after', all: readonly Figures[]): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < 0) throw new Error('docs/SECURITY.md has no markers for the table')
  const rows = new Map(
    [...page.slice(from, to).matchAll(/^\| `([^`]+)` \|[^|]*\|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].map(
      ([, name = '', before = '', after = '']) => [name, { before: before.trim(), after: after.trim() }],
    ),
  )
  for (const figures of all) {
    const row = rows.get(figures.name) ?? { before: '', after: '' }
    row[column] = cell(figures)
    rows.set(figures.name, row)
  }
  const lines = attacks.map(({ name, ids, what }) => {
    const { before, after } = rows.get(name) ?? { before: '', after: '' }
    return `| \`${name}\` | ${ids.join(', ')} | ${what} | ${before} | ${after} |`
  })
  const table = ['| attack | of | what | before | after |', '|---|---|---|---|---|', ...lines].join('\n')
  return `${page.slice(0, from)}${begin}\n\n${table}\n\n${page.slice(to)}`
}
