// Pictures and files: one upload as multipart/form-data, and its bytes back. What browsers get of them can never act as a page.

import multipart, { type Multipart } from '@fastify/multipart'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { IdParams } from '#protocol/http.ts'
import { limits } from '#protocol/limits.ts'
import { tooLarge } from '../attachments/incoming.ts'
import { type AttachmentFile, readAttachment } from '../attachments/read-attachment.ts'
import { type Upload, uploadAttachment } from '../attachments/upload-attachment.ts'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { actorOf, both, type HttpServer } from './callers.ts'
import { fileHeaders } from './security-headers.ts'

export function attachmentRoutes(app: App, http: HttpServer): void {
  // In a scope of its own: no other route takes multipart.
  http.register(async (uploads) => {
    await uploads.register(multipart, {
      limits: {
        fileSize: limits.attachmentBytes + 1,
        files: 1,
        fields: 1,
        parts: 2,
        headerPairs: 20,
        fieldNameSize: 100,
      },
      throwFileSizeLimit: false,
    })
    uploads.post('/attachments', { config: { ...both, bodyMs: limits.uploadMs } }, async (request, reply) => {
      app.rates.consume('uploadsPerAddress', clientAddress(app.config, request.raw).group)
      const attachment = await uploadAttachment(app, actorOf(request), () => onlyFile(request))
      reply.code(201)
      return attachment
    })
  })

  for (const [path, size] of [
    ['/attachments/:id', 'whole'],
    ['/attachments/:id/thumbnail', 'thumbnail'],
  ] as const) {
    http.get(path, { config: both, helmet: fileHeaders, schema: { params: IdParams } }, async (request, reply) => {
      const file = await readAttachment(app, actorOf(request), { id: Number(request.params.id), size })
      return sendFile(reply, file, size === 'thumbnail' ? 'image/webp' : file.attachment.mimeType)
    })
  }
}

/** Room for the lines around the file. */
const frameBytes = 64 * 1024

/** The only part, which has to be a file. */
async function onlyFile(request: FastifyRequest): Promise<Upload> {
  if (Number(request.headers['content-length'] ?? 0) > limits.attachmentBytes + frameBytes) throw tooLarge()
  const parts = request.parts()
  const first = await parts.next().catch(() => null)
  if (first?.value?.type !== 'file') throw notOneFile()
  return { name: first.value.filename ?? '', content: untilEnd(first.value.file, parts) }
}

/** Ends well only where the body does. */
async function* untilEnd(file: AsyncIterable<Buffer>, parts: AsyncIterator<Multipart>): AsyncGenerator<Buffer> {
  yield* file
  const { value } = await parts.next()
  if (value) throw notOneFile()
}

const notOneFile = () =>
  new AppError('invalid_request', 'One file is wanted, and nothing else, as multipart/form-data.')

/** Pictures are our own making and may be shown; all else is only to be saved. */
function sendFile(reply: FastifyReply, { attachment, size, content }: AttachmentFile, mimeType: string) {
  const disposition = attachment.width === undefined ? 'attachment' : 'inline'
  const plain = attachment.name.replace(/[^A-Za-z0-9 ._-]/g, '_')
  return reply
    .type(mimeType)
    .header('content-length', size)
    .header('content-disposition', `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded(attachment.name)}`)
    .send(content)
}

/** As RFC 8187 has it: encodeURIComponent leaves some that it does not. */
const encoded = (name: string) =>
  encodeURIComponent(name).replace(/['()*!]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
