// The error codes in PROTOCOL.md match the code.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '#protocol/errors.ts'

test('[ER1] the table of error codes matches protocol/errors.ts: code, status, retry', () => {
  const page = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8')
  const [, section] = /^## Error codes$([\s\S]*?)^## /m.exec(page) ?? []
  const rows = [...(section ?? '').matchAll(/^\| (\w+) \| (\d+) \| (yes|no) \|/gm)]
  const documented = rows.map(([, code, status, retryable]) => [
    code,
    { status: Number(status), retryable: retryable === 'yes' },
  ])
  expect(Object.fromEntries(documented)).toEqual(errorCodes)
})
