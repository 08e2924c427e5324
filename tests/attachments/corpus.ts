// Files as people send them and as attackers send them, generated instead of stored.

import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

export const script = 'alert("a script ran")'
const page = `<!doctype html><html><body><script>${script}</script></body></html>`
export const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" onload='${script}'><script>${script}</script></svg>`

const plain = (width = 80, height = 60) =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 40, b: 90 } } })

export const jpeg = () => plain().jpeg().toBuffer()
export const png = (width?: number, height?: number) => plain(width, height).png().toBuffer()
export const webp = () => plain().webp().toBuffer()
export const avif = () => plain().avif().toBuffer()

/** Three frames of 40 by 30 pixels. */
export const animatedGif = () =>
  sharp(Buffer.concat([10, 120, 240].map((grey) => Buffer.alloc(40 * 30 * 3, grey))), {
    raw: { width: 40, height: 90, channels: 3, pageHeight: 30 },
  })
    .gif({ delay: [100, 100, 100], loop: 0 })
    .toBuffer()

/** Rotated, with GPS coordinates and a phone model in its metadata. */
export const photo = () =>
  plain(120, 60)
    .jpeg()
    .withExif({
      IFD0: { Make: 'TattlePhone' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '31/1 14/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '121/1 29/1 0/1' },
    })
    .withMetadata({ orientation: 6 })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><who>TattlePhone</who></x:xmpmeta>')
    .toBuffer()

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type), data])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** A valid one-bit PNG of one colour: 144 million pixels in 18 kilobytes. */
export function bomb(width = 12_000, height = 12_000): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc((width / 8 + 1) * height))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

export const pdf = (inside = '') =>
  `%PDF-1.4\n${inside}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj trailer<</Root 1 0 R>>\n%%EOF`

/** Images that are also scripts or pages. Only re-encoding makes them harmless. */
export const polyglots = {
  'a GIF that is a script': async () => Buffer.concat([await animatedGif(), Buffer.from(`*/=1;${script}//`)]),
  'a JPEG followed by a page': async () => Buffer.concat([await jpeg(), Buffer.from(page)]),
  'a PNG with a page in a text chunk': async () => {
    const bytes = await png()
    const text = chunk('tEXt', Buffer.from(`Comment\0${page}`))
    return Buffer.concat([bytes.subarray(0, 33), text, bytes.subarray(33)])
  },
}

/** Files that cannot be attached, by file name. */
export const refused: Record<string, string | Buffer> = {
  'page.html': page,
  'page.png': page,
  'page.txt.html': page,
  'page.pdf': page,
  'drawing.svg': svg,
  'drawing.png': svg,
  'drawing.xml': `<?xml version="1.0"?>${svg}`,
  'script.js': script,
  'noise.txt': Buffer.from([1, 2, 3, 0, 255, 7, 8]),
  'noise.jpg': Buffer.from('ffd8ffe000104a46494600', 'hex'),
  'setup.exe': Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]),
  'setup.pdf': Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]),
  'program.txt': Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(200)]),
  'nothing.txt': '',
  '.': 'dots',
}
