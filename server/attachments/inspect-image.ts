// Decodes an image and encodes it again, upright and without anything but the image, with a thumbnail. Runs in a process of its own
// (upload-inspector.ts): whatever hostile bytes do to a decoder, they do it there.

import sharp, { type Metadata, type Sharp } from 'sharp'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { InspectionRequest, InspectionResult } from './inspect-file.ts'

// Nothing is cached between two images, one thread works on one, and no decoder runs but those of the types below.
sharp.cache(false)
sharp.concurrency(1)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'].map((decoder) => `VipsForeignLoad${decoder}`),
})

/** Without optimised coding, which holds all coefficients: 300 MB for 50 million pixels instead of 30. */
const writeJpeg = (image: Sharp) => image.jpeg({ quality: 88, optimiseCoding: false })

/** What each is written as. Metadata is left behind, but for what colours need. */
const writers: Record<string, { mimeType: string; format: string; write: (image: Sharp) => Sharp }> = {
  'image/jpeg': { mimeType: 'image/jpeg', format: 'jpeg', write: writeJpeg },
  'image/png': { mimeType: 'image/png', format: 'png', write: (image) => image.png() },
  'image/gif': { mimeType: 'image/gif', format: 'gif', write: (image) => image.gif({ effort: 3 }) },
  'image/webp': { mimeType: 'image/webp', format: 'webp', write: (image) => image.webp({ quality: 88, effort: 2 }) },
  'image/avif': { mimeType: 'image/webp', format: 'heif', write: (image) => image.webp({ quality: 88, effort: 2 }) },
}

const options = { limitInputPixels: limits.imagePixels, failOn: 'error', sequentialRead: true } as const

/** Never rejects for what is in the file. */
export async function inspectImage(
  { path, outputPath, thumbnailPath }: InspectionRequest,
  mimeType: string,
): Promise<InspectionResult> {
  const writer = writers[mimeType]
  if (writer === undefined) return { kind: 'refused', why: 'type' }
  try {
    // The header alone says how large it is.
    const header = await sharp(path, { ...options, animated: true, limitInputPixels: false }).metadata()
    if (header.format !== writer.format) return { kind: 'refused', why: 'type' }
    const limit = pixelLimit(header)
    if (header.width * header.height > limit) return { kind: 'refused', why: 'pixels', limit }
    if ((header.pages ?? 1) > limits.imageFrames) return { kind: 'refused', why: 'pixels', limit }
    const { width, height, pageHeight } = await writer.write(decode(path, header)).toFile(outputPath)
    // From our own encoding: a decoder meets the uploader's bytes once, and a costly format is decoded once.
    await sharp(outputPath, options)
      .resize(serverLimits.thumbnailPixels, serverLimits.thumbnailPixels, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 75, effort: 2 })
      .toFile(thumbnailPath)
    return { kind: 'image', mimeType: writer.mimeType, width, height: pageHeight ?? height }
  } catch {
    return { kind: 'refused', why: 'broken' }
  }
}

/** What is not decoded row by row takes memory for all of it: 18 bytes a pixel for AVIF, 13 for WebP, 7 for progressive JPEG. */
function pixelLimit({ format, isProgressive }: Metadata): number {
  if (format === 'heif') return limits.avifPixels
  if (format === 'webp') return limits.webpPixels
  return format === 'gif' || isProgressive === true ? limits.progressivePixels : limits.imagePixels
}

/** Upright. Only a single frame is rotated: an animation carries no orientation. */
function decode(path: string, { width, height, pages = 1, orientation = 1 }: Metadata): Sharp {
  if (pages > 1) return sharp(path, { ...options, animated: true })
  const upright = sharp(path, options).autoOrient()
  // Rotation holds the whole image in memory; a JPEG of half the size is decoded from fewer coefficients.
  const isLarge = orientation > 1 && width * height > serverLimits.rotatedPixels
  return isLarge ? upright.resize(Math.floor((orientation < 5 ? width : height) / 2)) : upright
}
