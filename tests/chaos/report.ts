// Formats the findings of a run for the terminal.

import type { Findings } from './findings.ts'

const shownViolations = 12

const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

export function report(findings: Findings): string {
  const { acknowledgedIn: took } = findings
  const list = (counts: Map<string, number>) =>
    [...counts].sort().map(([name, count]) => `    ${String(count).padStart(6)}  ${name}`)
  const lines = [
    `seed ${findings.seed}, ${many(findings.nodes, 'node')} of ${many(findings.workers, 'worker')}, ${findings.seconds} s`,
    `  ${findings.acknowledged} messages acknowledged, ${findings.stored} stored; ${findings.receipts} receipts and ${findings.changes} changes of status acknowledged`,
    `  acknowledged within p50 ${took.p50} ms, p99 ${took.p99} ms, at most ${took.max} ms; ${Math.round(findings.shareInFaults * 100)} % while a fault was active`,
    `  slowest reply during database faults alone: ${findings.slowestReplyWithoutDatabase} ms`,
    '  faults:',
    ...list(findings.faults),
    '  seen:',
    ...list(findings.counts),
  ]
  if (findings.violations.length === 0) return [...lines, '  0 violations'].join('\n')
  return [
    ...lines,
    `  ${findings.violations.length} VIOLATIONS`,
    ...findings.violations.slice(0, shownViolations).map((text) => `    ${text}`),
    `  log and data: ${findings.folder}`,
  ].join('\n')
}
