// Determines an upload's type: by content, and for plain text by the extension. Runs in the inspector process.

import { open } from 'node:fs/promises'
import { fileTypeFromFile } from 'file-type'
import { attachmentTypes } from '#protocol/attachment-types.ts'
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

/** Types with a textual signature that is no coincidence: they override a text extension. */
const textualTypes: ReadonlySet<string> = new Set(['application/pdf', 'application/rtf', 'audio/amr'])

/** null if the type may not be attached. */
export async function findType({ path, name }: Pick<InspectionRequest, 'path' | 'name'>): Promise<string | null> {
  const found = await fileTypeFromFile(path).catch(() => undefined)
  const mimeType = found?.mime.split(';')[0]?.replace('image/apng', 'image/png')
  const hasTextExtension = attachmentTypes['text/plain']?.includes(extensionOf(name)) ?? false
  if (mimeType === undefined)
    return hasTextExtension && (await isText(path, serverLimits.textCheckBytes)) ? 'text/plain' : null
  // Text may begin with a signature of letters (BM, GIF8, MZ, ID3). It stays text if the whole file is text.
  if (hasTextExtension && !textualTypes.has(mimeType) && (await isText(path, limits.attachmentBytes)))
    return 'text/plain'
  return attachmentTypes[mimeType] ? mimeType : null
}

/** Whether the first bytes hold no control characters except white space. */
async function isText(path: string, bytes: number): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    for await (const chunk of file.createReadStream({ end: bytes - 1, autoClose: false }) as AsyncIterable<Buffer>) {
      if (!chunk.every(isTextByte)) return false
    }
    return true
  } finally {
    await file.close()
  }
}

const isTextByte = (byte: number) =>
  (byte >= 32 && byte !== 127) || (byte >= 9 && byte <= 13 && byte !== 11) || byte === 27
