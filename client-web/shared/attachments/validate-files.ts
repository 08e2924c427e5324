// What this side can tell of a file before it is sent: whether the server would take it, and how large a picture is. The server looks anew.

import { attachmentTypes, limits } from '#protocol/limits.ts'
import type { OutgoingAttachment } from '../timeline/outbox.ts'
import type { RefusedFile } from './file-selection.ts'

const endings = new Set(Object.values(attachmentTypes).flat())
const isPicture = (type: string) => type.startsWith('image/')

/** For a file chooser. Without the types that phones turn into JPEG for those who do not ask for them. */
export const accept = [
  ...Object.keys(attachmentTypes).filter(isPicture),
  ...[...endings].map((each) => `.${each}`),
].join()

export function lookOver(held: readonly File[], added: readonly File[]): { good: File[]; refused: RefusedFile[] } {
  const good: File[] = []
  const refused: RefusedFile[] = []
  for (const file of added) {
    const why = refusalOf(file) ?? (held.length + good.length >= limits.attachmentsAtOnce ? 'too_many' : null)
    if (why) refused.push({ name: file.name, why })
    else good.push(file)
  }
  return { good, refused }
}

function refusalOf({ name, type, size }: File): RefusedFile['why'] | null {
  if (size === 0) return 'empty'
  if (size > limits.attachmentBytes) return 'too_large'
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return endings.has(ending) || (isPicture(type) && attachmentTypes[type]) ? null : 'type'
}

/** The measures of a picture keep its place from the first moment. */
export async function describe(file: File): Promise<OutgoingAttachment> {
  const about = { id: null, file, name: file.name, size: file.size, mimeType: file.type }
  if (!isPicture(file.type)) return about
  try {
    const bitmap = await createImageBitmap(file)
    const { width, height } = bitmap
    bitmap.close()
    return { ...about, width, height }
  } catch {
    return about
  }
}
