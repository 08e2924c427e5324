// Stalled readers harm nobody. `npm run test:long` runs a minute at full speed.

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { maxGrowth, type StallFindings, stallReaders, wasDisconnectedInTime } from './stalled-readers.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))

it('[CH7] [CN8] a stalled reader costs under 2 MiB and is disconnected within 5 s, and other readers get every message (F32, N10)', async () => {
  const findings: StallFindings = await stallReaders(source, 10_000)
  expect(findings.disconnectedAfter.length).toBeGreaterThan(0)
  expect(findings.disconnectedAfter.filter((took) => !wasDisconnectedInTime(findings, took))).toEqual([])
  expect(findings.growth).toBeLessThan(maxGrowth)
  expect(findings.acknowledged).toBeGreaterThan(100)
  expect(findings.undelivered).toEqual([])
})
