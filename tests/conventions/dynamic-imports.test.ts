// The pages import code on demand only through loadCode or lazy, which notice that the server no longer has it.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const clientWeb = fileURLToPath(new URL('../../client-web', import.meta.url))

/** Dynamic imports outside of lazy and loadCode. */
const bareImports = (source: string): string[] =>
  [...source.matchAll(/.*\bimport\(.*/g)]
    .map(([line]) => line.trim())
    .filter((line) => !/(loadCode|lazy(<\w+>)?)\(\s*(async )?\(\) =>/.test(line) && !line.startsWith('//'))

test('[WI16] [F5] every dynamic import of the pages handles code that is gone', () => {
  expect(bareImports("const { a } = await import('./a.ts')")).toHaveLength(1)
  expect(bareImports("const { a } = await loadCode(() => import('./a.ts'))")).toEqual([])
  const found = globSync('{shared,widget,console,loader,setup,demo}/**/*.{ts,tsx}', { cwd: clientWeb }).flatMap(
    (file) =>
      bareImports(readFileSync(join(clientWeb, file), 'utf8').replaceAll(/\(\n\s*/g, '(')).map(
        (line) => `${file}: ${line}`,
      ),
  )
  expect(found).toEqual([])
})
