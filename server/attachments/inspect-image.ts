// Decodes an image and re-encodes it upright, without metadata, with a thumbnail. Runs in the inspector process, so
// that hostile bytes meet a decoder only there.

import sharp, { type Metadata, type Sharp } from 'sharp'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { InspectionRequest, InspectionResult } from './inspect-file.ts'

// No cache between images, one thread per image, and only the decoders of the types below.
sharp.cache(false)
sharp.concurrency(1)
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'].map((decoder) => `VipsForeignLoad${decoder}`),
})

/** Optimised coding would hold all coefficients: 300 MB for 50 million pixels instead of 30. */
const writeJpeg = (image: Sharp) => image.jpeg({ quality: 88, optimiseCoding: false })

/** The output format of each type. Only colour metadata survives. */
const writers: Record<string, { mimeType: string; format: string; write: (image: Sharp) => Sharp }> = {
  'image/jpeg': { mimeType: 'image/jpeg', format: 'jpeg', write: writeJpeg },
  'image/png': { mimeType: 'image/png', format: 'png', write: (image) => image.png() },
  'image/gif': { mimeType: 'image/gif', format: 'gif', write: (image) => image.gif({ effort: 3 }) },
  'image/webp': { mimeType: 'image/webp', format: 'webp', write: (image) => image.webp({ quality: 88, effort: 2 }) },
  'image/avif': { mimeType: 'image/webp', format: 'heif', write: (image) => image.webp({ quality: 88, effort: 2 }) },
}

const options = { limitInputPixels: limits.imagePixels, failOn: 'error', sequentialRead: true } as const

/** Never rejects because of the content. */
export async function inspectImage(
  { path, outputPath, thumbnailPath }: InspectionRequest,
  mimeType: string,
): Promise<InspectionResult> {
  const writer = writers[mimeType]
  if (writer === undefined) return { kind: 'refused', why: 'type' }
  try {
    // Reads the header only.
    const header = await sharp(path, { ...options, animated: true, limitInputPixels: false }).metadata()
    if (header.format !== writer.format) return { kind: 'refused', why: 'type' }
    const limit = pixelLimit(header)
    if (header.width * header.height > limit) return { kind: 'refused', why: 'pixels', limit }
    if ((header.pages ?? 1) > limits.imageFrames) return { kind: 'refused', why: 'pixels', limit }
    const { width, height, pageHeight } = await writer.write(decode(path, header)).toFile(outputPath)
    // From our own encoding, so that the uploader's bytes are decoded once.
    await sharp(outputPath, options)
      .resize(serverLimits.thumbnailPixels, serverLimits.thumbnailPixels, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 75, effort: 2 })
      .toFile(thumbnailPath)
    return { kind: 'image', mimeType: writer.mimeType, width, height: pageHeight ?? height }
  } catch {
    return { kind: 'refused', why: 'broken' }
  }
}

/**
 * Formats not decoded row by row need memory for all pixels: 18 bytes each for AVIF, 13 for WebP, 7 for progressive
 * JPEG.
 */
function pixelLimit({ format, isProgressive }: Metadata): number {
  if (format === 'heif') return limits.avifPixels
  if (format === 'webp') return limits.webpPixels
  return format === 'gif' || isProgressive === true ? limits.progressivePixels : limits.imagePixels
}

/** Rotates upright. Animations carry no orientation. */
function decode(path: string, { width, height, pages = 1, orientation = 1 }: Metadata): Sharp {
  if (pages > 1) return sharp(path, { ...options, animated: true })
  const upright = sharp(path, options).autoOrient()
  // Rotation needs the whole image in memory; at half size a JPEG decodes fewer coefficients.
  const isLarge = orientation > 1 && width * height > serverLimits.rotatedPixels
  return isLarge ? upright.resize(Math.floor((orientation < 5 ? width : height) / 2)) : upright
}
