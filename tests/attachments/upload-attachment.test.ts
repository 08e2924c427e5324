// Uploads over HTTP: accepted and rejected content, and the files that remain on disk.

import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Attachment } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { hasRoom } from '../../server/attachments/staged-uploads.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { animatedGif, avif, bomb, jpeg, pdf, photo, png, polyglots, refused, script, webp } from './corpus.ts'
import { boundary, download, filePart, formOf, part, post, storedFiles, upload, uploaded } from './uploads.ts'

let app: TestApp
let customer: TestAccount
beforeAll(async () => {
  app = await startTestApp()
  customer = await app.newCustomer()
})
afterAll(() => app.stop())

const rows = async () =>
  (await app.db.selectFrom('attachments').select('stored_name as name').execute()).map(({ name }) => name)

// After every test each row has its file, some have a thumbnail, and nothing else remains.
afterEach(async () => {
  const files = await storedFiles(app)
  expect(
    files
      .map((name) => name.replace('.thumbnail', ''))
      .filter((name, at, all) => all.indexOf(name) === at)
      .sort(),
  ).toEqual((await rows()).sort())
})

describe('POST /attachments', () => {
  test('[AT1] accepts a file, reports its type and returns the same bytes', async () => {
    const content = pdf()
    const { status, body } = await upload(app, customer, content, '发票.pdf', 'text/html')
    expect(status).toBe(201)
    const attachment = body as Attachment
    expect(attachment).toEqual({
      id: expect.any(Number),
      name: '发票.pdf',
      size: content.length,
      mimeType: 'application/pdf',
    })
    const { bytes } = await download(app, customer.token, `${attachment.id}`)
    expect(bytes.toString()).toBe(content)
  })

  test.each([
    ['image/jpeg', 'jpg', jpeg, [80, 60]],
    ['image/png', 'png', png, [80, 60]],
    ['image/webp', 'webp', webp, [80, 60]],
    ['image/gif', 'gif', animatedGif, [40, 30]],
    ['image/webp', 'avif', avif, [80, 60]],
  ] as const)(
    '[AT4] re-encodes an image as %s (from %s) and makes a thumbnail',
    async (mimeType, ending, make, [width, height]) => {
      const attachment = await uploaded(app, customer, await make(), `a.${ending}`)
      expect(attachment).toMatchObject({
        mimeType,
        width,
        height,
        name: `a.${ending === 'avif' ? 'avif.webp' : ending}`,
      })
      const whole = await download(app, customer.token, `${attachment.id}`)
      expect(whole.bytes).toHaveLength(attachment.size)
      expect(await sharp(whole.bytes).metadata()).toMatchObject({ format: mimeType.slice(6), width })
      const small = await download(app, customer.token, `${attachment.id}/thumbnail`)
      expect(small.headers.get('content-type')).toBe('image/webp')
      expect(await sharp(small.bytes).metadata()).toMatchObject({ format: 'webp', width, height })
    },
  )

  test('[AT4] keeps an animated image animated and makes a still thumbnail', async () => {
    const { id } = await uploaded(app, customer, await animatedGif(), 'moves.gif')
    const { bytes } = await download(app, customer.token, `${id}`)
    expect(await sharp(bytes, { animated: true }).metadata()).toMatchObject({ pages: 3, delay: [100, 100, 100] })
    const small = await download(app, customer.token, `${id}/thumbnail`)
    expect((await sharp(small.bytes).metadata()).pages ?? 1).toBe(1)
  })

  test('[AT4] [T12] turns a photo upright and removes its location and camera metadata', async () => {
    const original = await photo()
    expect(await sharp(original).metadata()).toMatchObject({
      orientation: 6,
      exif: expect.anything(),
      xmp: expect.anything(),
    })
    expect(original.includes('TattlePhone')).toBe(true)
    const attachment = await uploaded(app, customer, original, 'IMG_0001.JPG')
    expect(attachment).toMatchObject({ width: 60, height: 120, name: 'IMG_0001.JPG' })
    for (const path of [`${attachment.id}`, `${attachment.id}/thumbnail`]) {
      const { bytes } = await download(app, customer.token, path)
      const { exif, xmp, iptc, orientation, width, height } = await sharp(bytes).metadata()
      expect({ exif, xmp, iptc, orientation, width, height }).toEqual({ width: 60, height: 120 })
      expect(bytes.includes('TattlePhone')).toBe(false)
    }
  })

  test('[AT8] limits a thumbnail to 480 pixels in width and height', async () => {
    const { id } = await uploaded(app, customer, await png(1200, 600), 'wide.png')
    const { bytes } = await download(app, customer.token, `${id}/thumbnail`)
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 480, height: 240 })
  })

  test.each(Object.entries(polyglots))('[AT4] [T12] keeps only the image of %s', async (_, make) => {
    const bytes = await make()
    expect(bytes.includes(script)).toBe(true)
    const attachment = await uploaded(app, customer, bytes, 'run.html')
    expect(attachment.name).toMatch(/^run\.html\.(gif|jpg|png)$/)
    const back = await download(app, customer.token, `${attachment.id}`)
    expect(back.bytes.includes(script)).toBe(false)
    expect(back.headers.get('content-type')).toBe(attachment.mimeType)
  })

  test('[AT3] [AT7] [T12] serves a PDF that is also a page only as a download of type PDF', async () => {
    const attachment = await uploaded(app, customer, pdf(`<script>${script}</script>`), 'invoice.html')
    expect(attachment).toMatchObject({ mimeType: 'application/pdf', name: 'invoice.html.pdf' })
    const { headers } = await download(app, customer.token, `${attachment.id}`)
    expect(headers.get('content-disposition')).toMatch(/^attachment;/)
  })

  test.each(Object.keys(refused))('[AT3] [T12] rejects %j by its content', async (name) => {
    const before = await rows()
    for (const type of ['image/png', 'text/plain']) {
      const { status, body } = await upload(app, customer, refused[name] ?? '', name, type)
      expect([status, body]).toMatchObject([400, { error: { code: 'invalid_request' } }])
    }
    expect(await rows()).toEqual(before)
  })

  test('[AT4] [T12] rejects an image of too many pixels before decoding it', async () => {
    const bytes = bomb()
    expect(bytes.length).toBeLessThan(50_000)
    const before = performance.now()
    const { status, body } = await upload(app, customer, bytes, 'sky.png')
    expect([status, body]).toMatchObject([
      413,
      { error: { code: 'too_large', details: { limit: limits.imagePixels } } },
    ])
    expect(performance.now() - before).toBeLessThan(5_000)
    const within = await uploaded(app, customer, bomb(4_000, 4_000), 'sky.png')
    expect(within).toMatchObject({ width: 4_000, height: 4_000 })
  })

  test('[AT2] accepts the maximum size and rejects one byte more, with or without Content-Length', async () => {
    const largest = Buffer.concat([Buffer.from(pdf()), Buffer.alloc(limits.attachmentBytes - pdf().length)])
    expect((await uploaded(app, customer, largest, 'large.pdf')).size).toBe(limits.attachmentBytes)
    const tooLarge = { code: 'too_large', details: { limit: limits.attachmentBytes } }
    const over = await upload(app, customer, Buffer.concat([largest, Buffer.alloc(1)]), 'large.pdf')
    expect([over.status, over.body]).toMatchObject([413, { error: tooLarge }])
    const far = await upload(app, customer, Buffer.alloc(limits.attachmentBytes + 1024 * 1024), 'large.pdf')
    expect([far.status, far.body]).toMatchObject([413, { error: tooLarge }])
  })

  test('[AT2] [T29] closes an endless body soon after rejecting it', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {})
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text
    })
    socket.write(
      `POST /api/v1/attachments HTTP/1.1\r\nHost: kefu\r\nAuthorization: Bearer ${customer.token}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000), Buffer.from('\r\n')])
    const start = filePart('', 'endless.bin').subarray(0, -2)
    socket.write(Buffer.concat([Buffer.from(`${start.length.toString(16)}\r\n`), start, Buffer.from('\r\n')]))
    const more = () => socket.writable && socket.write(piece) && setImmediate(more)
    socket.on('drain', more)
    more()
    await closed
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toContain('too_large')
  })

  test('[AT2] removes an aborted upload', async () => {
    const before = await storedFiles(app)
    const body = formOf(filePart(pdf('x'.repeat(300_000)), 'cut.pdf'))
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    socket.write(
      `POST /api/v1/attachments HTTP/1.1\r\nHost: kefu\r\nAuthorization: Bearer ${customer.token}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.subarray(0, 200_000))
    await expect.poll(async () => (await storedFiles(app)).length).toBe(before.length + 1)
    socket.destroy()
    await expect.poll(() => storedFiles(app)).toEqual(before)
  })

  const ofFile = filePart(pdf(), 'a.pdf')
  const wrongForms: Record<string, [Buffer, string?]> = {
    'no form': [Buffer.from('{}'), 'application/json'],
    'no boundary': [formOf(ofFile), 'multipart/form-data'],
    'another boundary': [formOf(ofFile), 'multipart/form-data; boundary=other'],
    'no parts': [formOf()],
    'a field': [formOf(part('Content-Disposition: form-data; name="file"', 'words'))],
    'a field after the file': [formOf(ofFile, part('Content-Disposition: form-data; name="name"', 'x'))],
    'two files': [formOf(ofFile, ofFile)],
    'no end': [formOf(ofFile).subarray(0, -boundary.length - 6)],
    'half a file': [formOf(ofFile).subarray(0, 150)],
    'a part named __proto__': [
      formOf(part('Content-Disposition: form-data; name="__proto__"; filename="a.pdf"', pdf())),
    ],
    nothing: [Buffer.alloc(0)],
  }
  test.each(Object.keys(wrongForms))('[AT1] rejects %s', async (name) => {
    const [body, type] = wrongForms[name] as [Buffer, string?]
    const answer = await post(app, customer, body, type)
    expect([answer.status, answer.body]).toMatchObject([400, { error: { code: 'invalid_request' } }])
  })

  test('[AT10] limits a customer to 60 uploads in a burst and to a storage quota; a blocked one gets none', async () => {
    const limited = await startTestApp({ rateLimits: true })
    try {
      const busy = await limited.newCustomer()
      const statuses: number[] = []
      while (statuses.length < budgets.customerUploads.count + 1) {
        statuses.push((await post(limited, busy, formOf())).status)
      }
      expect(statuses.slice(0, -1).every((status) => status === 400)).toBe(true)
      expect(statuses.at(-1)).toBe(429)

      const full = await limited.newCustomer()
      const { id } = await uploaded(limited, full, pdf(), 'a.pdf')
      await limited.db
        .updateTable('attachments')
        .set({ size: limits.customerUploadBytes })
        .where('id', '=', id)
        .execute()
      expect((await upload(limited, full, pdf(), 'b.pdf')).body).toMatchObject({ error: { code: 'conflict' } })

      const agent = await (await limited.newAgent()).connect()
      await agent.request('customer:set-blocked', { customerId: full.id, blocked: true })
      expect((await upload(limited, full, pdf(), 'c.pdf')).status).toBe(403)
    } finally {
      await limited.stop()
    }
  })

  test('[AT10] detects a disk without free space', async () => {
    expect(await hasRoom(app.config.dataDir, serverLimits.freeDiskBytes)).toBe(true)
    expect(await hasRoom(app.config.dataDir, Number.MAX_SAFE_INTEGER)).toBe(false)
  })

  test('[AT12] replaces the upload inspector when a file crashes it', async () => {
    const path = join(app.config.dataDir, 'large.png')
    const outputPath = join(app.config.dataDir, 'made.png')
    await writeFile(path, bomb(7_000, 7_000))
    const request = { path, outputPath, thumbnailPath: join(app.config.dataDir, 'small.webp'), name: 'large.png' }
    const asked = app.attachments.inspector.inspect(request, { userId: 1, isCustomer: false, addressGroup: '' })
    await expect.poll(() => existsSync(outputPath), { interval: 5 }).toBe(true)
    app.attachments.inspector.stop()
    expect(await asked).toEqual({ kind: 'refused', why: 'broken' })
    expect((await upload(app, customer, await png(), 'after.png')).status).toBe(201)
  })
})

describe('file types', () => {
  const words = {
    'BM (a bitmap)': 'BMW X5, black\nBMW 320i, white\n',
    'GIF8 (an image)': 'GIF89a is the name of a format\n',
    'MZ (a program)': 'MZ-80K, keyboard, new\n',
    'ID3 (audio)': 'ID3 tags of all songs:\n',
    'OggS (audio)': 'OggS pages\n',
    'fLaC (audio)': 'fLaC or wav?\n',
    'FLV (video)': 'FLV\u4e00\n',
    '<?xml (a page)': '<?xml version="1.0"?><a>1</a>\n',
    '%!PS (a program)': '%!PS-Adobe-3.0\n',
    'RIFF (audio)': 'RIFF, raff, ruff\n',
    '-----BEGIN': '-----BEGIN CERTIFICATE-----\n',
    'BEGIN:VCARD': 'BEGIN:VCARD\nVERSION:4.0\n',
    'Chinese in GBK': Buffer.from('424dd6d0cec40a', 'hex'),
  }
  test.each(Object.keys(words))('[AT29] [F14] a text that starts like %s is text', async (kind) => {
    const content = words[kind as keyof typeof words]
    for (const name of ['order.txt', 'order.CSV']) {
      expect(await uploaded(app, customer, content, name)).toMatchObject({ mimeType: 'text/plain', name })
    }
  })

  test('[AT29] [AT3] [F14] a file name alone does not make other content text, and the refusal says what is allowed', async () => {
    const bitmap = Buffer.concat([Buffer.from('BM'), Buffer.alloc(200)])
    expect((await upload(app, customer, bitmap, 'order.txt')).body).toMatchObject({
      error: { details: { why: 'type', allowed: expect.arrayContaining(['jpg', 'pdf', 'xlsx', 'txt', 'zip', 'mp4']) } },
    })
    const late = Buffer.concat([Buffer.from('BMW'), Buffer.alloc(500_000, 'a'), Buffer.from([0])])
    expect((await upload(app, customer, late, 'order.txt')).status).toBe(400)
    expect(await uploaded(app, customer, pdf(), 'order.txt')).toMatchObject({ mimeType: 'application/pdf' })
    expect(await uploaded(app, customer, await animatedGif(), 'order.txt')).toMatchObject({ mimeType: 'image/gif' })
    expect((await upload(app, customer, 'BMW X5', 'order.html')).status).toBe(400)
  })

  const compound = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2_000)])
  test.each(['budget 2026.xlsx', 'letter.docx', 'talk.pptx', 'old.doc', 'old.xls', 'old.ppt'])(
    '[AT30] [F15] a compound file keeps the name %s',
    async (name) => {
      expect(await uploaded(app, customer, compound, name)).toMatchObject({ mimeType: 'application/x-cfb', name })
    },
  )

  test('[AT30] [F15] a compound file with another extension gets a fitting one', async () => {
    expect(await uploaded(app, customer, compound, 'budget.pdf')).toMatchObject({ name: 'budget.pdf.doc' })
  })
})

describe('file names', () => {
  test('[AT5] are truncated to the limit and keep their extension', async () => {
    const { name } = await uploaded(app, customer, pdf(), `${'长'.repeat(400)}.pdf`)
    expect(name).toBe(`${'长'.repeat(limits.attachmentNameLength - 4)}.pdf`)
  })

  test.each([
    ['../../etc/passwd', 'passwd.pdf'],
    ['C:\\\\Users\\\\mei\\\\invoice.pdf', 'invoice.pdf'],
    ['..%2f..%2fpasswd.pdf', '%2f..%2fpasswd.pdf'],
    ['fdp.\u202Efdp.exe', 'fdp.fdp.exe.pdf'],
    ['in\u200Bvo\u2066ice\u2069.pdf', 'invoice.pdf'],
    ['a\u0000b.pdf', 'ab.pdf'],
    ['line\tbreak .pdf', 'line break.pdf'],
    ['.htaccess', 'htaccess.pdf'],
    ['invoice.PDF', 'invoice.PDF'],
    ['', 'file.pdf'],
    ['...', 'file.pdf'],
    ['<img src=x onerror=alert(1)>.pdf', '<img src=x onerror=alert(1)>.pdf'],
  ])('[AT5] [T13] %j becomes %j', async (given, name) => {
    const attachment = await uploaded(app, customer, pdf(), given)
    expect(attachment.name).toBe(name)
    const { headers } = await download(app, customer.token, `${attachment.id}`)
    expect(headers.get('content-disposition')).toContain(
      `filename*=UTF-8''${encodeURIComponent(name).replace(/[()]/g, (c) => (c === '(' ? '%28' : '%29'))}`,
    )
  })
})
