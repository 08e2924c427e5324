// Uploads as multipart/form-data, and downloads. A browser never treats a download as a page.

import multipart, { type Multipart, type MultipartFile } from '@fastify/multipart'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { calls } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { truncateName } from '../../attachments/attachment-name.ts'
import { type AttachmentFile, readAttachment } from '../../attachments/read-attachment.ts'
import { tooLarge } from '../../attachments/staged-uploads.ts'
import { type Upload, uploadAttachment } from '../../attachments/upload-attachment.ts'
import type { App } from '../../context.ts'
import { AppError } from '../../shared/errors.ts'
import { watchBody } from '../body-watch.ts'
import { actorOf, both, type HttpServer } from '../route-auth.ts'
import { fileHeaders } from '../security-headers.ts'

/** One file, and just enough room to detect anything else. */
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
  // A scope of its own: no other route accepts multipart.
  http.register(async (uploads) => {
    await uploads.register(multipart, {
      limits: formLimits,
      throwFileSizeLimit: false,
    })
    uploads.post(
      '/attachments',
      { config: { ...both, bodyMs: limits.uploadMs }, schema: calls['POST /attachments'] },
      async (request, reply) => {
        const actor = actorOf(request)
        app.rates.consume('uploadsPerAddress', actor.address.group)
        assertBoundary(request.headers['content-type'] ?? '')
        const disconnected = new AbortController()
        reply.raw.once('close', () => disconnected.abort())
        const attachment = await uploadAttachment(app, actor, {
          receive: () => onlyFile(request),
          signal: disconnected.signal,
        }).catch((error: unknown) => {
          // Discard the rest of the body unparsed.
          request.raw.unpipe()
          request.raw.resume()
          throw error
        })
        reply.code(201)
        return attachment
      },
    )
  })

  for (const [path, size] of [
    ['/attachments/:id', 'whole'],
    ['/attachments/:id/thumbnail', 'thumbnail'],
  ] as const) {
    http.get(path, { config: both, helmet: fileHeaders, schema: calls[`GET ${path}`] }, async (request, reply) => {
      const file = await readAttachment(app, actorOf(request), { id: Number(request.params.id), size })
      return sendFile(reply, file, size === 'thumbnail' ? 'image/webp' : file.attachment.mimeType)
    })
  }
}

/** Room for the multipart boundaries and part headers. */
const framingBytes = 64 * 1024

/** RFC 2046 allows 70 characters. The parser searches the whole body for it, so a long boundary is slow. */
function assertBoundary(contentType: string): void {
  if (contentType.length > limits.contentTypeLength) throw notOneFile()
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? []
  if ((quoted ?? plain ?? '').length > 70) throw notOneFile()
}

/** The only part, which must be a file. */
async function onlyFile(request: FastifyRequest): Promise<Upload> {
  const maxBytes = limits.attachmentBytes + framingBytes
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
  return { name: truncateName(filename ?? ''), content: untilEnd(content, parts, failed, stop) }
}

/** Ends without an error only at the end of the body. */
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

const notOneFile = () => new AppError('invalid_request', 'Send exactly one file as multipart/form-data.')

/** Images are re-encoded by us and may be shown inline. Everything else downloads. */
function sendFile(reply: FastifyReply, { attachment, size, content }: AttachmentFile, mimeType: string) {
  const disposition = attachment.width === undefined ? 'attachment' : 'inline'
  const plain = attachment.name.replace(/[^A-Za-z0-9 ._-]/g, '_')
  return reply
    .type(mimeType)
    .header('content-length', size)
    .header('content-disposition', `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded(attachment.name)}`)
    .send(content)
}

/** RFC 8187 also encodes some characters that encodeURIComponent leaves. */
const encoded = (name: string) =>
  encodeURIComponent(name).replace(/['()*!]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
