// Validates files before upload and measures images. The server checks again.

import { attachmentTypes } from '#protocol/attachment-types.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { OutgoingAttachment } from '../timeline/outbox-store.ts'

export interface RejectedFile {
  name: string
  reason: 'empty' | 'too_large' | 'type' | 'too_many'
}

const extensions = new Set(Object.values(attachmentTypes).flat())
const isImage = (type: string) => type.startsWith('image/')

/** For the file input. It omits types that phones convert to JPEG unless they are requested. */
export const accept = [
  ...Object.keys(attachmentTypes).filter(isImage),
  ...[...extensions].map((extension) => `.${extension}`),
].join()

export function validateFiles(
  selected: readonly File[],
  added: readonly File[],
): { accepted: File[]; rejected: RejectedFile[] } {
  const accepted: File[] = []
  const rejected: RejectedFile[] = []
  for (const file of added) {
    const reason =
      rejectionReason(file) ?? (selected.length + accepted.length >= limits.attachmentsPerSelection ? 'too_many' : null)
    if (reason) rejected.push({ name: file.name, reason })
    else accepted.push(file)
  }
  return { accepted, rejected }
}

function rejectionReason({ name, type, size }: File): RejectedFile['reason'] | null {
  if (size === 0) return 'empty'
  if (size > limits.attachmentBytes) return 'too_large'
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return extensions.has(extension) || (isImage(type) && attachmentTypes[type]) ? null : 'type'
}

/** Width and height reserve the image's box before it is loaded. */
export async function describeFile(file: File): Promise<OutgoingAttachment> {
  const details = { id: null, file, name: file.name, size: file.size, mimeType: file.type }
  if (!isImage(file.type)) return details
  try {
    const bitmap = await createImageBitmap(file)
    const { width, height } = bitmap
    bitmap.close()
    return { ...details, width, height }
  } catch {
    return details
  }
}
