import { expect, test } from 'vitest'
import { isAtLeast } from '#db/core/server-checks.ts'

test.each([
  ['10.11.19-MariaDB-0+deb12u1', [10, 6, 0], true],
  ['10.6.0-MariaDB', [10, 6, 0], true],
  ['10.5.29-MariaDB', [10, 6, 0], false],
  ['11.8.3-MariaDB-log', [10, 6, 0], true],
  ['8.0.28', [8, 0, 28], true],
  ['8.0.27', [8, 0, 28], false],
  ['8.0.36-28.1', [8, 0, 28], true],
  ['8.4.0', [8, 0, 28], true],
  ['9.7.0', [8, 0, 28], true],
  ['5.7.44-log', [8, 0, 28], false],
  ['8.0.11-TiDB-v7.5.0', [8, 0, 28], false],
])('[DB30] the version %s against %j: %s', (version, oldest, expected) => {
  expect(isAtLeast(version, oldest)).toBe(expected)
})
