// What type an upload has: its content says, and of plain text the ending of its name. Runs in a process of its own (upload-inspector.ts).

import { open } from 'node:fs/promises'
import { fileTypeFromFile } from 'file-type'
import { attachmentTypes } from '#protocol/attachment-types.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { endingOf } from './attachment-name.ts'

export interface InspectionRequest {
  path: string
  /** Where the re-encoded image and its thumbnail go. */
  outputPath: string
  thumbnailPath: string
  /** As the uploader called it: of plain text, nothing else says what it is. */
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

/** Types whose signature is text that nobody writes by chance: they win over a name that says text. */
const textualTypes: ReadonlySet<string> = new Set(['application/pdf', 'application/rtf', 'audio/amr'])

/** null for what may not be attached. */
export async function findType({ path, name }: Pick<InspectionRequest, 'path' | 'name'>): Promise<string | null> {
  const found = await fileTypeFromFile(path).catch(() => undefined)
  const mimeType = found?.mime.split(';')[0]?.replace('image/apng', 'image/png')
  const saysText = attachmentTypes['text/plain']?.includes(endingOf(name)) ?? false
  if (mimeType === undefined) return saysText && (await isText(path, serverLimits.textCheckBytes)) ? 'text/plain' : null
  // BM, GIF8, MZ, ID3: words may begin with a signature that is letters alone. Only a whole text wins over it.
  if (saysText && !textualTypes.has(mimeType) && (await isText(path, limits.attachmentBytes))) return 'text/plain'
  return attachmentTypes[mimeType] ? mimeType : null
}

/** No control characters but white space in its first bytes; whatever it says, nobody will run it. */
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
