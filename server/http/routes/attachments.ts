// Images and files: one upload as multipart/form-data, and its bytes back. What browsers get of them can never act as a page.

import multipart, { type Multipart, type MultipartFile } from '@fastify/multipart'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { IdParams } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { cutName } from '../../attachments/attachment-name.ts'
import { type AttachmentFile, readAttachment } from '../../attachments/read-attachment.ts'
import { tooLarge } from '../../attachments/staged-uploads.ts'
import { type Upload, uploadAttachment } from '../../attachments/upload-attachment.ts'
import type { App } from '../../context.ts'
import { AppError } from '../../shared/errors.ts'
import { watchBody } from '../body-watch.ts'
import { actorOf, both, type HttpServer } from '../route-auth.ts'
import { fileHeaders } from '../security-headers.ts'

/** For the parser: one file, and just enough room to notice anything else. */
const formLimits = {
  fileSize: limits.attachmentBytes + 1,
  files: 1,
  fields: 1,
  fieldSize: 1,
  parts: 2,
  headerPairs: 20,
  headerSize: limits.partHeaderBytes,
  fieldNameSize: 100,
}

export function attachmentRoutes(app: App, http: HttpServer): void {
  // In a scope of its own: no other route takes multipart.
  http.register(async (uploads) => {
    await uploads.register(multipart, {
      limits: formLimits,
      throwFileSizeLimit: false,
    })
    uploads.post('/attachments', { config: { ...both, bodyMs: limits.uploadMs } }, async (request, reply) => {
      const actor = actorOf(request)
      app.rates.consume('uploadsPerAddress', actor.address.group)
      assertBoundary(request.headers['content-type'] ?? '')
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const attachment = await uploadAttachment(app, actor, {
        receive: () => onlyFile(request),
        signal: gone.signal,
      }).catch((error: unknown) => {
        // What still comes is not parsed any more.
        request.raw.unpipe()
        request.raw.resume()
        throw error
      })
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

/** RFC 2046 allows 70 characters. The parser searches for it in the whole body, which a long one makes slow. */
function assertBoundary(contentType: string): void {
  if (contentType.length > limits.contentTypeLength) throw notOneFile()
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? []
  if ((quoted ?? plain ?? '').length > 70) throw notOneFile()
}

/** The only part, which has to be a file. */
async function onlyFile(request: FastifyRequest): Promise<Upload> {
  const maxBytes = limits.attachmentBytes + frameBytes
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const parts = request.parts()
  let file: MultipartFile['file'] | undefined
  const { failed, stop } = watchBody(request.raw, maxBytes, (error) => {
    request.raw.unpipe()
    file?.destroy(error)
  })
  const first = await Promise.race([parts.next().catch(() => null), failed])
  if (first?.value?.type !== 'file') {
    stop()
    throw notOneFile()
  }
  const { filename, file: content } = first.value
  file = content
  return { name: cutName(filename ?? ''), content: untilEnd(content, parts, failed, stop) }
}

/** Ends well only where the body does. */
async function* untilEnd(
  file: AsyncIterable<Buffer>,
  parts: AsyncIterator<Multipart>,
  failed: Promise<never>,
  stop: () => void,
): AsyncGenerator<Buffer> {
  try {
    yield* file
    const { value } = await Promise.race([parts.next(), failed])
    if (value) throw notOneFile()
  } finally {
    stop()
  }
}

const notOneFile = () =>
  new AppError('invalid_request', 'One file is wanted, and nothing else, as multipart/form-data.')

/** Images are our own making and may be shown; all else is only to be saved. */
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
