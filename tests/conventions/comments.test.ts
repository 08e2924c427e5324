// Comments fit the width that Biome gives to code. Its formatter does not wrap them.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { formatter } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as { formatter: { lineWidth: number } }

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|tsx|mjs|css|sql)$/.test(file) && existsSync(join(root, file)))

const isComment = (line: string) => /^\s*(\/\/|\/?\*|--)/.test(line)

it('every line of a comment fits the line width', () => {
  expect(files.length).toBeGreaterThan(500)
  const tooLong = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .map((line, index) => ({ line, at: `${file}:${index + 1}` }))
      .filter(({ line }) => isComment(line) && [...line].length > formatter.lineWidth)
      .map(({ at }) => at),
  )
  expect(tooLong).toEqual([])
})
