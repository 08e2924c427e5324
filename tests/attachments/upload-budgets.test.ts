// Upload budgets of a node: slots, time and disk. One person's uploads do not delay those of others.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import { createStagedUploads } from '../../server/attachments/staged-uploads.ts'
import type { InspectionReply } from '../../server/attachments/upload-inspector-process.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { createFairQueue } from '../../server/shared/fair-queue.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { bomb, jpeg, pdf, png } from './corpus.ts'
import { beginUpload, filePart, storedFiles, upload } from './uploads.ts'

const program = new URL('../../server/attachments/upload-inspector-process.ts', import.meta.url).pathname

let app: TestApp
let now = Date.now()
beforeAll(async () => {
  app = await startTestApp({ rateLimits: true, now: () => now, env: { TRUSTED_PROXIES: '127.0.0.1' } })
})
afterAll(() => app.stop())

const codeOf = (answer: { body: unknown }) => (answer.body as { error?: { code: string } }).error?.code

const begun = filePart('%PDF', 'slow.pdf').subarray(0, -2)

/** With a current token. */
const later = (account: TestAccount) => ({ ...account, token: app.renewedToken(account, 'customer') })

describe('slots', () => {
  test('[AT22] [AT10] [S12] a person has four concurrent uploads; a fifth is rejected before its body is read', async () => {
    const account = await app.newCustomer()
    const open = Array.from({ length: budgets.uploadSlotsPerPerson.concurrent }, () =>
      beginUpload(app, account, { address: '198.51.100.1', first: begun }),
    )
    await expect.poll(() => app.slots.held('uploadSlotsPerPerson', account.id)).toBe(open.length)
    const fifth = beginUpload(app, account, { address: '198.51.100.1' })
    await expect.poll(fifth.answer).toMatch(/^HTTP\/1\.1 429 .*"code":"rate_limited"/s)
    for (const { socket } of [...open, fifth]) socket.destroy()
    await expect.poll(() => app.slots.held('uploadSlotsPerPerson', account.id)).toBe(0)
    await expect.poll(() => storedFiles(app)).toEqual([])
    expect((await upload(app, account, pdf(), 'a.pdf')).status).toBe(201)
  })

  test('[AT22] [S12] customers behind one address have ten; agents there do not count', async () => {
    const open = []
    for (let each = 0; each < budgets.uploadSlotsPerAddress.concurrent; each++) {
      open.push(beginUpload(app, await app.newCustomer(), { address: '198.51.100.2', first: begun }))
    }
    await expect.poll(() => app.slots.held('uploadSlotsPerAddress', '198.51.100.2')).toBe(open.length)
    const eleventh = beginUpload(app, await app.newCustomer(), { address: '198.51.100.2' })
    await expect.poll(eleventh.answer).toMatch(/^HTTP\/1\.1 429 .*"code":"rate_limited"/s)
    const agent = beginUpload(app, await app.newAgent(), { address: '198.51.100.2', first: begun })
    await expect.poll(() => app.slots.held('agentUploadSlots', 'node')).toBe(1)
    expect(agent.answer()).toBe('')
    for (const { socket } of [...open, eleventh, agent]) socket.destroy()
    await expect.poll(() => app.slots.held('agentUploadSlots', 'node')).toBe(0)
  })

  test('[AT22] [S12] when customers hold all their slots the next is overloaded, and an agent still uploads', async () => {
    const open = []
    for (let each = 0; each < budgets.customerUploadSlots.concurrent; each++) {
      const address = `198.51.101.${Math.floor(each / 8)}`
      open.push(beginUpload(app, await app.newCustomer(), { address, first: begun }))
    }
    await expect.poll(() => app.slots.held('customerUploadSlots', 'node')).toBe(open.length)
    const more = beginUpload(app, await app.newCustomer(), { address: '198.51.102.1' })
    await expect.poll(more.answer).toMatch(/^HTTP\/1\.1 503 .*"code":"overloaded"/s)
    expect((await upload(app, await app.newAgent(), await png(), 'a.png')).status).toBe(201)
    for (const { socket } of [...open, more]) socket.destroy()
    await expect.poll(() => app.slots.held('customerUploadSlots', 'node')).toBe(0)
  })
})

describe('slow uploads', () => {
  test('[AT21] [S12] an upload below the minimum rate is aborted; its file and slot are freed', async () => {
    const account = await app.newCustomer()
    const before = await storedFiles(app)
    const inHeaders = beginUpload(app, account, { first: '--' })
    const inContent = beginUpload(app, account, { first: begun })
    await expect.poll(async () => (await storedFiles(app)).length).toBe(before.length + 1)
    const trickle = setInterval(() => {
      for (const { socket } of [inHeaders, inContent]) if (socket.writable) socket.write('x')
    }, 500)
    await Promise.all([inHeaders.closed, inContent.closed])
    clearInterval(trickle)
    for (const { answer } of [inHeaders, inContent]) {
      expect(answer()).toMatch(/^HTTP\/1\.1 503 .*"code":"unavailable".*"why":"slow"/s)
    }
    expect(app.slots.held('uploadSlotsPerPerson', account.id)).toBe(0)
    expect(await storedFiles(app)).toEqual(before)
  })

  test('[AT21] an upload at the minimum rate is accepted, however long it takes', async () => {
    const account = await app.newCustomer()
    const content = Buffer.from(pdf('x'.repeat(90_000)))
    const whole = Buffer.concat([filePart(content, 'steady.pdf'), Buffer.from('--a-line-between-parts--\r\n')])
    const steady = beginUpload(app, account, { first: whole.subarray(0, 1_000) })
    let sent = 1_000
    const send = setInterval(() => {
      const until = Math.min(sent + 3_500, whole.length)
      steady.socket.write(whole.subarray(sent, until))
      sent = until
      // The length that the headers declared.
      if (sent === whole.length) {
        clearInterval(send)
        steady.socket.write(Buffer.alloc(100_000 - whole.length, ' '))
      }
    }, 500)
    await expect.poll(steady.answer, { timeout: 30_000 }).toMatch(/^HTTP\/1\.1 201 /)
    steady.socket.destroy()
  })
})

describe('inspection order', () => {
  test('[AT23] [S13] alternates between addresses, and between the people of one address', () => {
    const queue = createFairQueue<string>()
    for (let each = 1; each <= 3; each++) queue.add('crowd', 1, `a${each}`)
    for (let each = 1; each <= 2; each++) queue.add('crowd', 2, `b${each}`)
    queue.add('home', 3, 'c1')
    queue.add('agents', 4, 'd1')
    expect(queue.remove('crowd', 1, 'a3')).toBe(true)
    expect(queue.remove('crowd', 1, 'a3')).toBe(false)
    const order = []
    for (let item = queue.next(); item !== undefined; item = queue.next()) order.push(item)
    expect(order).toEqual(['a1', 'c1', 'd1', 'b1', 'a2', 'b2'])
    expect(queue.size).toBe(0)
  })

  test("[AT23] [AT24] [S13] lets a PDF and another customer's image pass one customer's many large images", async () => {
    const busy = await app.newCustomer()
    const large = bomb(7_000, 7_000)
    let done = 0
    const many = Array.from({ length: budgets.uploadSlotsPerPerson.concurrent }, async () => {
      const answer = await upload(app, busy, large, 'large.png')
      done += 1
      return answer.status
    })
    await expect.poll(() => app.slots.held('uploadSlotsPerPerson', busy.id)).toBe(many.length)
    const agent = await app.newAgent()
    expect((await upload(app, agent, pdf(), 'a.pdf')).status).toBe(201)
    expect((await upload(app, agent, await jpeg(), 'a.jpg')).status).toBe(201)
    expect(done).toBeLessThan(many.length)
    expect(await Promise.all(many)).toEqual(many.map(() => 201))
  })

  test('[AT23] [S13] skips a caller who disconnected', async () => {
    const path = join(app.config.dataDir, 'waits.png')
    await writeFile(path, bomb(7_000, 7_000))
    const request = { path, outputPath: `${path}.made`, thumbnailPath: `${path}.thumbnail`, name: 'waits.png' }
    const caller = { userId: 1, isCustomer: false, addressGroup: '' }
    const first = app.attachments.inspector.inspect(request, caller)
    const gone = new AbortController()
    const second = app.attachments.inspector.inspect(request, { ...caller, signal: gone.signal })
    gone.abort()
    await expect(second).rejects.toMatchObject({ code: 'overloaded' })
    expect(await first).toMatchObject({ kind: 'image' })
  })
})

describe('inspection time', () => {
  const spent = (name: 'inspectionMsPerCustomer' | 'inspectionMsPerAddress', key: string | number) => {
    try {
      app.rates.check(name, key)
      return false
    } catch {
      return true
    }
  }

  test('[AT25] [S13] counts per customer; one without time left gets no inspection for a while', async () => {
    const account = await app.newCustomer()
    app.rates.count('inspectionMsPerCustomer', account.id, budgets.inspectionMsPerCustomer.count - 1)
    expect((await upload(app, account, bomb(4_000, 4_000), 'a.png')).status).toBe(201)
    expect(spent('inspectionMsPerCustomer', account.id)).toBe(true)
    const refused = await upload(app, account, await png(), 'b.png')
    expect([refused.status, codeOf(refused)]).toEqual([429, 'rate_limited'])
    expect((await upload(app, await app.newCustomer(), await png(), 'b.png')).status).toBe(201)
    now += budgets.inspectionMsPerCustomer.windowMs
    expect((await upload(app, later(account), await png(), 'b.png')).status).toBe(201)
  })

  test('[AT25] [S13] counts per address; one without time left gets PDFs inspected but no images', async () => {
    app.rates.count('inspectionMsPerAddress', '127.0.0.1', budgets.inspectionMsPerAddress.count)
    const account = await app.newCustomer()
    expect(codeOf(await upload(app, account, await png(), 'a.png'))).toBe('rate_limited')
    expect((await upload(app, account, pdf(), 'a.pdf')).status).toBe(201)
    expect((await upload(app, await app.newAgent(), await png(), 'a.png')).status).toBe(201)
    now += budgets.inspectionMsPerAddress.windowMs
    expect((await upload(app, later(account), await png(), 'a.png')).status).toBe(201)
  })
})

describe('disk', () => {
  test('[AT28] [S12] unfinished uploads are bounded in total, and none remains', async () => {
    const folder = join(app.config.dataDir, 'staged')
    mkdirSync(folder)
    const file = 2 * 1024 * 1024
    const most = 10 * file + 1
    const staged = createStagedUploads(folder, most)
    async function* content(size: number) {
      for (let left = size; left > 0; left -= 1024 * 1024) yield Buffer.alloc(Math.min(left, 1024 * 1024))
    }
    const held = []
    while (staged.bytes() + file <= most) held.push(await staged.receive(content(file)))
    await expect(staged.receive(content(file))).rejects.toMatchObject({ code: 'overloaded' })
    expect(staged.bytes()).toBe(held.length * file)
    for (const each of held) await each.discard()
    expect(staged.bytes()).toBe(0)
    await (await staged.receive(content(file))).discard()
  })
})

describe('inspection queue', () => {
  test('[AT27] [S13] customers fill only their share, agents still get in, and long waits get a reply', async () => {
    const path = join(app.config.dataDir, 'queue.png')
    await writeFile(path, bomb(7_000, 7_000))
    const request = { path, outputPath: `${path}.made`, thumbnailPath: `${path}.thumbnail`, name: 'queue.png' }
    const beganAt = performance.now()
    const answers: { outcome: string; ms: number }[] = []
    const inspect = (userId: number, isCustomer: boolean) =>
      app.attachments.inspector.inspect(request, { userId, isCustomer, addressGroup: 'crowd' }).then(
        ({ kind }) => answers.push({ outcome: kind, ms: performance.now() - beganAt }),
        ({ code }: { code: string }) => answers.push({ outcome: code, ms: performance.now() - beganAt }),
      )
    const customers = []
    // In small groups: result types has a queue of the same length.
    for (let each = 0; each < budgets.customerInspectionsWaiting.concurrent + 20; each++)
      customers.push(inspect(each, true))
    const agent = inspect(1_000, false)
    await agent
    expect(answers.at(-1)).toMatchObject({ outcome: 'image' })
    await Promise.all(customers)
    const refused = answers.filter(({ outcome }) => outcome === 'overloaded')
    expect(refused.length).toBeGreaterThanOrEqual(19)
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['image', 'overloaded']))
    // Each waits for at most two inspections: the type and the image.
    for (const { ms } of answers) expect(ms).toBeLessThan(2 * limits.inspectionWaitMs + limits.inspectionMs)
  })
})

describe('memory', () => {
  const sharpOf = (pixels: number) => {
    const side = Math.floor(Math.sqrt(pixels))
    return sharp({ create: { width: side, height: side, channels: 3, background: { r: 200, g: 40, b: 90 } } })
  }
  const largest: [string, () => Promise<Buffer>][] = [
    ['AVIF', () => sharpOf(limits.avifPixels).avif({ effort: 0 }).toBuffer()],
    ['WebP', () => sharpOf(limits.webpPixels).webp({ effort: 0 }).toBuffer()],
    ['progressive JPEG', () => sharpOf(limits.progressivePixels).jpeg({ progressive: true }).toBuffer()],
    ['JPEG', () => sharpOf(limits.imagePixels).jpeg().toBuffer()],
    ['rotated JPEG', () => sharpOf(limits.imagePixels).jpeg().withMetadata({ orientation: 6 }).toBuffer()],
  ]
  test.runIf(process.platform === 'linux').each(largest)(
    '[AT27] [S13] the upload inspector stays below 280 MB for the largest %s',
    async (kind, make) => {
      const path = join(app.config.dataDir, 'largest')
      await writeFile(path, await make())
      const child = fork(program, [], { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
      const answerTo = async (imageType: string | null) => {
        const answered = once(child, 'message')
        const request = { path, outputPath: `${path}.made`, thumbnailPath: `${path}.thumbnail`, name: kind }
        child.send({ id: 1, request, imageType })
        return (await answered)[0] as InspectionReply
      }
      try {
        const { mimeType } = await answerTo(null)
        expect(await answerTo(mimeType)).toMatchObject({ result: { kind: 'image' } })
        const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
        expect(Number(peak) / 1024).toBeLessThan(280)
      } finally {
        child.kill('SIGKILL')
      }
    },
  )

  test('[AT26] [S13] costly formats allow fewer pixels', async () => {
    const account = await app.newAgent()
    for (const [pixels, make] of [
      [limits.avifPixels, (side: number) => sharpOf(side).avif({ effort: 0 }).toBuffer()],
      [limits.webpPixels, (side: number) => sharpOf(side).webp({ effort: 0 }).toBuffer()],
      [limits.progressivePixels, (side: number) => sharpOf(side).jpeg({ progressive: true }).toBuffer()],
    ] as const) {
      const { status, body } = await upload(app, account, await make(pixels * 1.1), 'large')
      expect([status, body]).toMatchObject([413, { error: { code: 'too_large', details: { limit: pixels } } }])
    }
  })
})
