// Files without a server: an image that is drawn here, one that never arrives, and one that cannot be read.

import type { Files } from '../../shared/attachments/files.ts'
import { RequestError } from '../../shared/connection/request-error.ts'

/** Attachment ids by what happens when they are loaded. */
export const fileIds = { image: 1, pending: 2, unreadable: 3, otherImage: 4 }

export const sampleFiles: Files = {
  async load(id) {
    if (id === fileIds.pending) return new Promise(() => {})
    if (id === fileIds.unreadable) throw RequestError.offline()
    return drawImage(640, 480, id === fileIds.image ? 172 : 32)
  },
  upload: () => new Promise(() => {}),
}

export async function drawImage(width: number, height: number, hue: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D
  const gradient = context.createLinearGradient(0, 0, width, height)
  gradient.addColorStop(0, `hsl(${hue} 45% 82%)`)
  gradient.addColorStop(1, `hsl(${hue + 40} 50% 38%)`)
  context.fillStyle = gradient
  context.fillRect(0, 0, width, height)
  context.fillStyle = 'rgb(255 255 255 / 55%)'
  context.beginPath()
  context.arc(width * 0.62, height * 0.45, height * 0.22, 0, Math.PI * 2)
  context.fill()
  return canvas.convertToBlob({ type: 'image/png' })
}
