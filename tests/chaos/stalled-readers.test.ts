// Who does not read harms nobody. The minute at full speed is in `npm run test:long`.

import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { mostGrowth, type StallFindings, stallReaders, wasCutInTime } from './stalled-readers.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))

it('[CH7] [CN8] a reader that stops reading costs under 2 MiB and is cut within 5 s; who reads is told everything (F32, N10)', async () => {
  const findings: StallFindings = await stallReaders(source, 10_000)
  expect(findings.cutAfter.length).toBeGreaterThan(0)
  expect(findings.cutAfter.filter((took) => !wasCutInTime(findings, took))).toEqual([])
  expect(findings.growth).toBeLessThan(mostGrowth)
  expect(findings.acknowledged).toBeGreaterThan(100)
  expect(findings.untold).toEqual([])
})
