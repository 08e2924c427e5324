// Worst inputs for all text of an upload: names, part headers, boundaries. Each takes time linear in its length.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Attachment } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { attachmentName, extensionOf } from '../../server/attachments/attachment-name.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { pdf } from './corpus.ts'
import { boundary, filePart, formOf, part, post, upload } from './uploads.ts'

let app: TestApp
let customer: TestAccount
beforeAll(async () => {
  app = await startTestApp()
  customer = await app.newCustomer()
})
afterAll(() => app.stop())

/** The longest event loop stall in milliseconds. The quadratic version took 8,600. */
async function stallDuring(work: () => unknown): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  await new Promise((resolve) => setTimeout(resolve, 20))
  await work()
  await new Promise((resolve) => setTimeout(resolve, 20))
  delay.disable()
  return delay.max / 1e6
}

const names: Record<string, (length: number) => string> = {
  dots: (length) => '.'.repeat(length),
  spaces: (length) => ' '.repeat(length),
  'dots and spaces before a letter': (length) => `${'. '.repeat(length / 2)}a`,
  'dots and spaces after a letter': (length) => `a${' .'.repeat(length / 2)}`,
  'dots between letters': (length) => 'a.'.repeat(length / 2),
  slashes: (length) => '/'.repeat(length),
  backslashes: (length) => 'a\\'.repeat(length / 2),
  'combining marks': (length) => `a${'\u0301\u0323'.repeat(length / 2)}`,
  'half surrogates': (length) => '\uD83D'.repeat(length),
  'invisible characters': (length) => '\u200B'.repeat(length),
  'ideographic spaces': (length) => '\u3000'.repeat(length),
  'line breaks': (length) => '\r\n'.repeat(length / 2),
  'percent signs': (length) => '%2e'.repeat(length / 3),
}

describe('[AT20] [S3] a file name is cleaned in linear time', () => {
  test.each(Object.keys(names))('with a million %s', async (kind) => {
    const given = (names[kind] as (length: number) => string)(1_000_000)
    let name = ''
    const stall = await stallDuring(() => {
      name = attachmentName(given, ['pdf'])
      extensionOf(given)
    })
    expect([...name].length).toBeLessThanOrEqual(limits.attachmentNameLength)
    expect(name).toMatch(/\.pdf$/)
    expect(stall).toBeLessThan(1_000)
  })

  test('and keeps both its ends', () => {
    expect(attachmentName(`${'很长的'.repeat(30_000)}.csv`, ['txt', 'csv'])).toMatch(/^很长的.*\.csv$/)
    expect(attachmentName(`C:\\Users\\${'deep\\'.repeat(30_000)}order.csv`, ['txt', 'csv'])).toBe('order.csv')
  })
})

describe('[AT20] [S3] over HTTP', () => {
  test.each(Object.keys(names))('78,000 %s as a name do not stall the event loop', async (kind) => {
    const given = (names[kind] as (length: number) => string)(78_000)
    const stall = await stallDuring(async () => {
      const { status } = await upload(app, customer, pdf(), given)
      expect([201, 400]).toContain(status)
    })
    expect(stall).toBeLessThan(1_000)
  })

  test('7,000 leading dots are cut off as fast', async () => {
    const { status, body } = await upload(app, customer, pdf(), `${'.'.repeat(7_000)}a.pdf`)
    expect([status, (body as Attachment).name]).toEqual([201, 'a.pdf'])
  })

  const disposition = 'Content-Disposition: form-data; name="file"; filename="a.pdf"'
  const headers: Record<string, string> = {
    'a header of 200,000 letters': `${disposition}\r\nX-Long: ${'a'.repeat(200_000)}`,
    '20,000 headers': `${disposition}\r\n${'X-A: b\r\n'.repeat(20_000)}X-End: b`,
    'one header folded 50,000 times': `X-Folded: a\r\n${' a\r\n'.repeat(50_000)}${disposition}`,
    '100,000 parameters': `${disposition}${'; a=b'.repeat(100_000)}`,
    'quotes without a closing quote': `${disposition}; x="${'\\"'.repeat(80_000)}`,
    'a name in percent signs': `Content-Disposition: form-data; name="file"; filename*=utf-8''${'%F0%9F'.repeat(30_000)}`,
    'a charset of 100,000 letters': `Content-Disposition: form-data; name="file"; filename*=${'x'.repeat(100_000)}''a`,
    'a type of 100,000 parameters': `${disposition}\r\nContent-Type: text/plain${'; charset'.repeat(20_000)}`,
    'colons alone': ':\r\n'.repeat(60_000),
  }
  test.each(Object.keys(headers))('%s of a part do not stall the event loop', async (kind) => {
    const stall = await stallDuring(async () => {
      const { status } = await post(app, customer, formOf(part(headers[kind] as string, pdf())))
      expect([201, 400]).toContain(status)
    })
    expect(stall).toBeLessThan(1_000)
  })

  const bodies: Record<string, () => Buffer> = {
    'headers that never end': () => Buffer.concat([Buffer.from(`--${boundary}\r\nX: `), Buffer.alloc(20_000_000, 'a')]),
    'a million boundaries': () => Buffer.from(`--${boundary}\r\n\r\n\r\n`.repeat(600_000)),
    'truncated boundaries': () => filePart(`\r\n--${boundary.slice(0, -1)}`.repeat(800_000), 'a.pdf'),
    'text before the first part': () =>
      Buffer.concat([Buffer.alloc(20_000_000, '\r\n-'), formOf(filePart(pdf(), 'a.pdf'))]),
    'text after the last part': () => Buffer.concat([formOf(filePart(pdf(), 'a.pdf')), Buffer.alloc(20_000_000, '-')]),
  }
  test.each(Object.keys(bodies))('%s do not stall the event loop', async (kind) => {
    const body = (bodies[kind] as () => Buffer)()
    const stall = await stallDuring(async () => {
      // The server can reply before the body ends and close the connection.
      await post(app, customer, body).catch(() => {})
    })
    expect(stall).toBeLessThan(1_000)
  })

  test.each([
    ['71 characters', `boundary=${'a'.repeat(71)}`],
    ['71 quoted ones', `boundary="${'a'.repeat(71)}"`],
    ['10,000', `boundary=${'a'.repeat(10_000)}`],
    ['10,000 after another parameter', `charset=utf-8; boundary=${'a'.repeat(10_000)}`],
    ['many parameters', `${'a=b; '.repeat(2_000)}boundary=x`],
  ])('rejects a boundary of %s', async (_, parameters) => {
    const line = /boundary="?([^";]+)/.exec(parameters)?.[1] ?? ''
    const body = Buffer.from(
      `--${line}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n${pdf()}\r\n--${line}--\r\n`,
    )
    const { status } = await post(app, customer, body, `multipart/form-data; ${parameters}`)
    expect(status).toBe(400)
  })

  test('accepts a boundary of 70 characters', async () => {
    const line = 'b'.repeat(70)
    const body = Buffer.from(
      `--${line}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n${pdf()}\r\n--${line}--\r\n`,
    )
    expect((await post(app, customer, body, `multipart/form-data; boundary=${line}`)).status).toBe(201)
  })
})
