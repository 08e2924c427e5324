// The benchmark runs with durations too short to mean anything. No assertion here depends on time.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { createFrameReader } from '../../bench/load/frames.ts'
import { percentiles } from '../../bench/percentiles.ts'
import type { Results } from '../../bench/report.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['bench/run.ts', '--quick', ...args], { cwd: root, timeout: 55_000 })

test('a quick benchmark prints its metrics and writes them as JSON', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-bench-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'metrics.json')
  const { stdout } = await bench('--only', 'saturation', '--seconds', '0.2', '--scale', '0.1', '--json', file)

  const { machine, scenarios, options } = JSON.parse(readFileSync(file, 'utf8')) as Results
  expect(machine.cores).toBeGreaterThan(0)
  expect(options.quick).toBe(true)
  expect(Object.keys(scenarios)).toEqual(['saturation'])
  const metrics = scenarios.saturation ?? []
  for (const metric of metrics) expect(stdout).toContain(metric.name)
  // Every system acknowledged and delivered messages at every load shape.
  const rates = metrics.filter(({ unit }) => unit === '/s')
  expect(rates.filter(({ bare }) => bare !== undefined).length).toBe(6)
  expect(rates.filter(({ name }) => name.includes('relay with group commit')).length).toBe(3)
  expect(rates.filter(({ value, bare }) => !(value > 0 && (bare?.value ?? value) > 0))).toEqual([])
  const judged = metrics.filter(({ target }) => target !== undefined)
  expect(judged.length).toBeGreaterThan(0)
  for (const { value, ratio, target, isMet } of judged) {
    const held = target?.of === 'ratio' ? (ratio as number) : value
    expect(isMet).toBe(target && ('atLeast' in target ? held >= target.atLeast : held <= target.atMost))
  }
})

test('rejects an unknown scenario and lists the scenarios', async () => {
  await expect(bench('--only', 'sturation')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Unknown scenario sturation; use one of saturation'),
  })
})

/** Unmasked, as a server sends it. */
function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const header = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10)
  header[0] = 0x81
  header[1] = payload.length < 126 ? payload.length : header.length === 4 ? 126 : 127
  if (header.length === 4) header.writeUInt16BE(payload.length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([header, payload])
}

test.each([61, 127, 1_000, 1_000_000])('the load client reads frames of every size from chunks of %i bytes', (size) => {
  const texts = ['3', 'a'.repeat(125), 'b'.repeat(126), 'c'.repeat(5_000), 'd'.repeat(66_000), '客服']
  const stream = Buffer.concat([
    serverFrame(texts[0] as string),
    Buffer.from([0x89, 0]),
    ...texts.slice(1).map(serverFrame),
    Buffer.from([0x88, 0]),
  ])
  const read: string[] = []
  const readFrames = createFrameReader(
    (bytes, from, to) => read.push(bytes.toString('utf8', from, to)),
    () => read.push('closed'),
  )
  for (let at = 0; at < stream.length; at += size) readFrames(stream.subarray(at, at + size))
  expect(read).toEqual([...texts, 'closed'])
})

test('percentiles are measured values, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentiles(hundred)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99 })
  expect(percentiles([7])).toEqual({ count: 1, p50: 7, p95: 7, p99: 7 })
  expect(percentiles([]).p50).toBeNaN()
})
