// Images and files in the outbox: uploaded before they are sent, beside the text, with retries, and not after a recall.

import { afterEach, expect, test, vi } from 'vitest'
import type { Attachment, Message } from '#protocol/entities.ts'
import type { Files } from '../../client-web/shared/attachments/files.ts'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'
import { openStorage } from '../../client-web/shared/storage/storage.ts'
import { type Outbox, openOutbox } from '../../client-web/shared/timeline/outbox.ts'
import { messageParts, type OutboxEntry } from '../../client-web/shared/timeline/outbox-store.ts'

const opened: Outbox[] = []
afterEach(() => {
  for (const outbox of opened.splice(0)) outbox.stop()
})
let areas = 0

interface Upload {
  name: string
  bytes: Promise<string>
  signal: AbortSignal
  onProgress: (part: number) => void
  done(attachment: Attachment): void
  fail(error: RequestError): void
}

function newOutbox(refuse: (entry: OutboxEntry) => RequestError | null = () => null) {
  const uploads: Upload[] = []
  const sent: ReturnType<typeof messageParts>[] = []
  const upload: Files['upload'] = (file, name, options) =>
    new Promise((done, fail) => {
      options.signal.addEventListener('abort', () => fail(RequestError.offline()))
      uploads.push({ name, bytes: file.text(), ...options, done, fail })
    })
  const outbox = openOutbox({
    storage: openStorage(`files:${++areas}:`),
    queueKeyOf: () => 'one',
    async deliver(entry) {
      const refusal = refuse(entry)
      if (refusal) throw refusal
      sent.push(messageParts(entry))
      return { clientMessageId: entry.clientMessageId } as Message
    },
    upload,
  })
  opened.push(outbox)
  const add = (name: string) => {
    const file = new File([`bytes of ${name}`], name)
    return outbox.add(1, name, { id: null, file, name, size: file.size, mimeType: '' })
  }
  return { outbox, uploads, sent, add }
}

const kept = (id: number, more: Partial<Attachment> = {}): Attachment => ({
  id,
  name: 'x',
  size: 1,
  mimeType: 'a/b',
  ...more,
})

test('[AT17] text does not wait for an upload; files upload one after another and report progress', async () => {
  const { outbox, uploads, sent, add } = newOutbox()
  await add('cup.jpg')
  await add('bill.pdf')
  await outbox.add(1, 'two files')
  await vi.waitFor(() => expect(sent).toMatchObject([{ content: 'two files' }]))
  expect(uploads.map(({ name }) => name)).toEqual(['cup.jpg'])
  uploads[0]?.onProgress(0.5)
  expect([...outbox.progress.value.values()]).toEqual([0.5])
  uploads[0]?.done(kept(11, { width: 4, height: 3 }))
  await vi.waitFor(() => expect(uploads).toHaveLength(2))
  uploads[1]?.done(kept(12))
  await vi.waitFor(() => expect(outbox.entries.value).toEqual([]))
  expect(sent.slice(1)).toMatchObject([
    { type: 'image', attachmentId: 11 },
    { type: 'file', attachmentId: 12 },
  ])
  expect(outbox.progress.value.size).toBe(0)
  expect(await uploads[1]?.bytes).toBe('bytes of bill.pdf')
})

test('[AT16] a rejected upload stays with its reason and is uploaded again on retry', async () => {
  const { outbox, uploads, sent, add } = newOutbox()
  await add('large.pdf')
  await vi.waitFor(() => expect(uploads).toHaveLength(1))
  uploads[0]?.fail(new RequestError('too_large', 'Too large', false))
  await vi.waitFor(() => expect(outbox.entries.value).toMatchObject([{ failure: 'too_large' }]))
  outbox.retry(outbox.entries.value[0]?.clientMessageId ?? '')
  await vi.waitFor(() => expect(uploads).toHaveLength(2))
  uploads[1]?.done(kept(13))
  await vi.waitFor(() => expect(sent).toHaveLength(1))
})

test('[AT18] an upload removed before its message arrived is uploaded again on retry', async () => {
  let isGone = true
  const { outbox, uploads, sent, add } = newOutbox(() => (isGone ? new RequestError('not_found', 'Gone', false) : null))
  await add('late.pdf')
  await vi.waitFor(() => expect(uploads).toHaveLength(1))
  uploads[0]?.done(kept(14))
  await vi.waitFor(() => expect(outbox.entries.value).toMatchObject([{ failure: 'not_found' }]))
  isGone = false
  outbox.retry(outbox.entries.value[0]?.clientMessageId ?? '')
  await vi.waitFor(() => expect(uploads).toHaveLength(2))
  uploads[1]?.done(kept(15))
  await vi.waitFor(() => expect(sent).toMatchObject([{ attachmentId: 15 }]))
})

test('[AT17] a recalled message is not sent, and the next one starts immediately', async () => {
  const { outbox, uploads, sent, add } = newOutbox()
  await add('wrong.jpg')
  await add('right.jpg')
  await vi.waitFor(() => expect(uploads).toHaveLength(1))
  outbox.remove(outbox.entries.value[0]?.clientMessageId ?? '')
  expect(uploads[0]?.signal.aborted).toBe(true)
  await vi.waitFor(() => expect(uploads).toHaveLength(2))
  uploads[1]?.done(kept(16))
  await vi.waitFor(() => expect(outbox.entries.value).toEqual([]))
  expect(sent).toMatchObject([{ attachmentId: 16 }])
})

test('[AT17] an upload is retried after a lost network, without a second message', async () => {
  const { outbox, uploads, sent, add } = newOutbox()
  await add('again.jpg')
  await vi.waitFor(() => expect(uploads).toHaveLength(1))
  uploads[0]?.fail(RequestError.timeout())
  await vi.waitFor(() => {
    outbox.resume()
    expect(uploads).toHaveLength(2)
  })
  uploads[1]?.done(kept(17))
  await vi.waitFor(() => expect(outbox.entries.value).toEqual([]))
  expect(sent).toMatchObject([{ attachmentId: 17 }])
})
