// Decodes an image and encodes it again, upright and without anything but the image, with a thumbnail. Runs in a process of its own
// (upload-inspector.ts): whatever hostile bytes do to a decoder, they do it there.

import sharp, { type Metadata, type Sharp } from 'sharp'
import { limits } from '#protocol/limits.ts'
import type { Finding, InspectionRequest } from './inspect-file.ts'

// Nothing is cached between two images, one thread works on one, and no decoder runs but those of the types below.
sharp.cache(false)
sharp.concurrency(1)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'].map((decoder) => `VipsForeignLoad${decoder}`),
})

/** What each is written as. Metadata is left behind, but for what colours need. */
const writers: Record<string, { mimeType: string; format: string; write: (image: Sharp) => Sharp }> = {
  'image/jpeg': { mimeType: 'image/jpeg', format: 'jpeg', write: (image) => image.jpeg({ quality: 88 }) },
  'image/png': { mimeType: 'image/png', format: 'png', write: (image) => image.png() },
  'image/gif': { mimeType: 'image/gif', format: 'gif', write: (image) => image.gif({ effort: 3 }) },
  'image/webp': { mimeType: 'image/webp', format: 'webp', write: (image) => image.webp({ quality: 88, effort: 2 }) },
  'image/avif': { mimeType: 'image/webp', format: 'heif', write: (image) => image.webp({ quality: 88, effort: 2 }) },
}

/** Never rejects for what is in the file. */
export async function inspectImage(
  { path, madePath, thumbnailPath }: InspectionRequest,
  mimeType: string,
): Promise<Finding> {
  const writer = writers[mimeType]
  if (writer === undefined) return { kind: 'refused', why: 'type' }
  const options = { limitInputPixels: limits.imagePixels, failOn: 'error', sequentialRead: true } as const
  try {
    // The header alone says how large it is.
    const header = await sharp(path, { ...options, animated: true, limitInputPixels: false }).metadata()
    if (header.format !== writer.format) return { kind: 'refused', why: 'type' }
    const limit = isCostly(header) ? limits.costlyImagePixels : limits.imagePixels
    if (header.width * header.height > limit) return { kind: 'refused', why: 'pixels', limit }
    if ((header.pages ?? 1) > limits.imageFrames) return { kind: 'refused', why: 'pixels', limit }
    const isAnimated = (header.pages ?? 1) > 1
    // Rotation works on a single frame; an animation carries no orientation.
    const whole = isAnimated ? sharp(path, { ...options, animated: true }) : sharp(path, options).autoOrient()
    await writer.write(whole).toFile(madePath)
    // From our own encoding: a decoder meets the uploader's bytes once, and a costly format is decoded once.
    await sharp(madePath, options)
      .resize(limits.thumbnailPixels, limits.thumbnailPixels, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 75, effort: 2 })
      .toFile(thumbnailPath)
    return { kind: 'image', mimeType: writer.mimeType, ...sizeOf(header) }
  } catch {
    return { kind: 'refused', why: 'broken' }
  }
}

/** Decoders of these hold the whole image in memory, some several times; others read it row by row. */
function isCostly({ format, pages = 1, isProgressive, depth, hasAlpha }: Metadata): boolean {
  const isByRow = format === 'jpeg' || (format === 'png' && depth !== 'ushort')
  return !isByRow || pages > 1 || isProgressive === true || (format === 'jpeg' && hasAlpha === true)
}

/** As it is upright; of an animation, of one frame. */
function sizeOf({ width, height, pageHeight, orientation = 1 }: Metadata): { width: number; height: number } {
  const upright = { width, height: pageHeight ?? height }
  return orientation < 5 ? upright : { width: upright.height, height: upright.width }
}
