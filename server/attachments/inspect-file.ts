// Determines an upload's type: by content, and for plain text by the extension. Runs in the inspector process.

import { open } from 'node:fs/promises'
import { fileTypeFromFile } from 'file-type'
import { attachmentTypes, zippedTypes } from '#protocol/attachment-types.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { extensionOf } from './attachment-name.ts'

export interface InspectionRequest {
  path: string
  /** Where to write the re-encoded image and its thumbnail. */
  outputPath: string
  thumbnailPath: string
  /** The uploader's name, whose extension identifies plain text. */
  name: string
}

export type InspectionResult =
  | { kind: 'image'; mimeType: string; width: number; height: number }
  | { kind: 'file'; mimeType: string }
  | { kind: 'refused'; why: 'type' | 'broken' | 'pixels'; limit?: number }

export const imageTypes: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
])

/** Types that consist of text: a file of that content is not plain text, whatever its extension. */
const textualTypes: readonly (readonly [mimeType: string, start: RegExp])[] = [
  ['application/pdf', /^%PDF-\d\.\d/],
  ['application/rtf', /^\{\\rtf\d/],
]

/** Readers accept a PDF whose header comes after other bytes, such as a byte order mark or headers of HTTP. */
const pdfHeader = '%PDF-'
const pdfHeaderWithin = 1_024

/** null if the type may not be attached. */
export async function findType({ path, name }: Pick<InspectionRequest, 'path' | 'name'>): Promise<string | null> {
  const found = await fileTypeFromFile(path).catch(() => undefined)
  const mimeType = found?.mime.split(';')[0]?.replace('image/apng', 'image/png')
  const extension = extensionOf(name)
  if (attachmentTypes['text/plain']?.includes(extension)) {
    const head = await readHead(path)
    const isTextual = textualTypes.some(([type, start]) => type === mimeType && start.test(head.toString('latin1')))
    // Text may begin with a signature of letters (BM, GIF8, MZ, ID3). It stays text if the whole file is text.
    const bytes = mimeType === undefined ? serverLimits.textCheckBytes : limits.attachmentBytes
    if (!isTextual && (await isText(path, bytes, encodingOf(head)))) return 'text/plain'
  }
  if (mimeType === undefined) return extension === 'pdf' && (await hasPdfHeader(path)) ? 'application/pdf' : null
  if (mimeType === 'application/zip') return zippedTypes[extension] ?? mimeType
  return attachmentTypes[mimeType] ? mimeType : null
}

async function hasPdfHeader(path: string): Promise<boolean> {
  const head = await readHead(path)
  return head.includes(pdfHeader) && !/^\s*</.test(head.toString('latin1'))
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(pdfHeaderWithin), 0, pdfHeaderWithin, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

type Encoding = 'ascii-based' | 'utf-16le' | 'utf-16be'

/**
 * By the byte order mark. Without one: UTF-8, GBK, Big5, Windows and Shift JIS keep the control characters of ASCII.
 */
function encodingOf(head: Buffer): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'ascii-based'
}

/** Whether the first bytes hold no control characters except white space. */
async function isText(path: string, bytes: number, encoding: Encoding): Promise<boolean> {
  const file = await open(path, 'r')
  const unitBytes = encoding === 'ascii-based' ? 1 : 2
  try {
    const stream = file.createReadStream({ end: bytes - 1, autoClose: false, highWaterMark: readBytes })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const length = chunk.length - (chunk.length % unitBytes)
      for (let at = 0; at < length; at += unitBytes) if (!isTextUnit(unitAt(chunk, at, encoding))) return false
    }
    return true
  } finally {
    await file.close()
  }
}

/** Even, so that no unit of two bytes is split. */
const readBytes = 64 * 1024

function unitAt(chunk: Buffer, at: number, encoding: Encoding): number {
  if (encoding === 'ascii-based') return chunk[at] as number
  return encoding === 'utf-16le' ? chunk.readUInt16LE(at) : chunk.readUInt16BE(at)
}

/** 26 ends a file of DOS, 27 begins an escape sequence of ISO-2022-JP. */
const isTextUnit = (unit: number) =>
  (unit >= 32 && unit !== 127) || (unit >= 9 && unit <= 13 && unit !== 11) || unit === 26 || unit === 27
