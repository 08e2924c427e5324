// Command line options of `npm run bench`.

import { parseArgs } from 'node:util'

export interface Options {
  quick: boolean
  /** File for the metrics as JSON. */
  json: string | null
  /** Names of the scenarios to run; empty for all. */
  only: string[]
  rounds: number
  /** Duration of one measurement after its warm-up. */
  ms: number
  warmUpMs: number
  /** E.g. 0.1 for a tenth of the load, as a smoke test. Metrics of different scales are not comparable. */
  scale: number
  /** A directory that keeps seeded databases for later runs; null to seed in each run. */
  keep: string | null
}

export const usage = `npm run bench -- [--quick] [--only SCENARIO,SCENARIO] [--json FILE] [--rounds N] [--seconds N] [--scale N] [--keep FOLDER]`

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      scale: { type: 'string', default: '1' },
      keep: { type: 'string' },
    },
  })
  const ms = positive('seconds', values.seconds ?? (values.quick ? '1.5' : '3')) * 1000
  return {
    quick: values.quick,
    json: values.json ?? null,
    only: values.only.split(',').filter((name) => name !== ''),
    rounds: Math.ceil(positive('rounds', values.rounds ?? (values.quick ? '1' : '3'))),
    ms,
    warmUpMs: Math.min(1000, ms / 2),
    scale: positive('scale', values.scale),
    keep: values.keep ?? null,
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not ${text}.\n${usage}`)
  return value
}
