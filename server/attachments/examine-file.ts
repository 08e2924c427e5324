// What an upload is, told by its content alone. Pictures are decoded and written anew, upright and without anything but the picture;
// everything else is kept as it came, if it is of a type that may be attached. Runs in a process of its own (examiner.ts): whatever
// hostile bytes do to a decoder, they do it there.

import { open } from 'node:fs/promises'
import { fileTypeFromFile } from 'file-type'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { attachmentTypes, limits } from '#protocol/limits.ts'
import { endingOf } from './attachment-name.ts'

export interface Question {
  path: string
  /** Where the new picture and its thumbnail go. */
  madePath: string
  thumbnailPath: string
  /** As the uploader called it: of plain text, nothing else says what it is. */
  name: string
}

export type Finding =
  | { kind: 'picture'; mimeType: string; width: number; height: number }
  | { kind: 'file'; mimeType: string }
  | { kind: 'refused'; why: 'type' | 'broken' | 'pixels' }

// Nothing is kept between two pictures, one thread works on one, and no decoder runs but those of the types below.
sharp.cache(false)
sharp.concurrency(1)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'].map((decoder) => `VipsForeignLoad${decoder}`),
})

/** What each is written as. Metadata is left behind, but for what colours need. */
const writers: Record<string, { mimeType: string; format: string; write: (picture: Sharp) => Sharp }> = {
  'image/jpeg': { mimeType: 'image/jpeg', format: 'jpeg', write: (picture) => picture.jpeg({ quality: 88 }) },
  'image/png': { mimeType: 'image/png', format: 'png', write: (picture) => picture.png() },
  'image/gif': { mimeType: 'image/gif', format: 'gif', write: (picture) => picture.gif({ effort: 3 }) },
  'image/webp': {
    mimeType: 'image/webp',
    format: 'webp',
    write: (picture) => picture.webp({ quality: 88, effort: 2 }),
  },
  'image/avif': {
    mimeType: 'image/webp',
    format: 'heif',
    write: (picture) => picture.webp({ quality: 88, effort: 2 }),
  },
}

/** Never rejects for what is in the file. */
export async function examineFile(question: Question): Promise<Finding> {
  const mimeType = await typeOf(question)
  if (mimeType === null) return { kind: 'refused', why: 'type' }
  return writers[mimeType] ? examinePicture(question, mimeType) : { kind: 'file', mimeType }
}

/** null for what may not be attached. */
async function typeOf({ path, name }: Question): Promise<string | null> {
  const found = await fileTypeFromFile(path).catch(() => undefined)
  const mimeType = found?.mime.split(';')[0]?.replace('image/apng', 'image/png')
  if (mimeType !== undefined) return attachmentTypes[mimeType] ? mimeType : null
  const isText = attachmentTypes['text/plain']?.includes(endingOf(name)) && (await looksLikeText(path))
  return isText ? 'text/plain' : null
}

/** No control characters but white space at its beginning; whatever it says, nobody will run it. */
async function looksLikeText(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024))
  await file.close()
  return buffer.subarray(0, bytesRead).every((byte) => byte >= 32 || [9, 10, 12, 13, 27].includes(byte))
}

async function examinePicture({ path, madePath, thumbnailPath }: Question, mimeType: string): Promise<Finding> {
  const writer = writers[mimeType] as (typeof writers)[string]
  const options = { limitInputPixels: limits.imagePixels, failOn: 'error', sequentialRead: true } as const
  try {
    // The header alone says how large it is.
    const header = await sharp(path, { ...options, animated: true, limitInputPixels: false }).metadata()
    if (header.format !== writer.format) return { kind: 'refused', why: 'type' }
    if (header.width * header.height > limits.imagePixels) return { kind: 'refused', why: 'pixels' }
    const isMoving = (header.pages ?? 1) > 1
    // Turning works on a single picture; what moves carries no orientation.
    const whole = isMoving ? sharp(path, { ...options, animated: true }) : sharp(path, options).autoOrient()
    await writer.write(whole).toFile(madePath)
    await sharp(path, options)
      .autoOrient()
      .resize(limits.thumbnailPixels, limits.thumbnailPixels, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 75, effort: 2 })
      .toFile(thumbnailPath)
    return { kind: 'picture', mimeType: writer.mimeType, ...sizeOf(header) }
  } catch {
    return { kind: 'refused', why: 'broken' }
  }
}

/** As it stands upright; of a moving one, of one frame. */
function sizeOf({ width, height, pageHeight, orientation = 1 }: Metadata): { width: number; height: number } {
  const upright = { width, height: pageHeight ?? height }
  return orientation < 5 ? upright : { width: upright.height, height: upright.width }
}
