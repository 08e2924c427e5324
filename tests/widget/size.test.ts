// What a shop's customers download before they can write, compressed.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const dist = fileURLToPath(new URL('../../client-web/dist', import.meta.url))
const bytesOf = (path: string) => gzipSync(readFileSync(dist + path)).length

/** Raise it only for what every customer needs. */
const widgetBudget = 52_000
const loaderBudget = 3_600

test('the widget with all that its page loads fits its budget', () => {
  const page = readFileSync(`${dist}/widget/index.html`, 'utf8')
  const assets = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path)
  expect(assets.length).toBeGreaterThanOrEqual(2)
  const total = ['/widget/index.html', ...assets].reduce((sum, path) => sum + bytesOf(path), 0)
  expect(total).toBeLessThan(widgetBudget)
})

test('the loader fits its budget', () => {
  expect(bytesOf('/kefu.js')).toBeLessThan(loaderBudget)
})
