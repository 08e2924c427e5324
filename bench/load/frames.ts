// Minimal WebSocket framing (RFC 6455) for a load client: short masked text frames out, whole text frames in, as bytes.
// A library needs several times the CPU per frame, which would be missing for the servers on the same machine.

import { randomBytes } from 'node:crypto'

const mask = randomBytes(4)

/** One masked text frame; ASCII, under 64 KiB. */
export function textFrame(text: string): Buffer {
  const length = text.length
  const header = length < 126 ? 6 : 8
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x81
  if (length < 126) {
    frame[1] = 0x80 | length
  } else {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(length, 2)
  }
  mask.copy(frame, header - 4)
  frame.write(text, header, 'latin1')
  for (let at = 0; at < length; at++) frame[header + at] = (frame[header + at] as number) ^ (mask[at & 3] as number)
  return frame
}

/**
 * Parses the stream and passes each text frame as a range of a buffer that is valid only during the call. A close frame
 * ends it.
 */
export function createFrameReader(
  onText: (bytes: Buffer, from: number, to: number) => void,
  onClose: () => void,
): (chunk: Buffer) => void {
  let rest: Buffer | null = null
  return (chunk) => {
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk])
    rest = null
    let at = 0
    while (at < bytes.length) {
      const size = sizeOfFrame(bytes, at)
      if (size === null || at + size.header + size.payload > bytes.length) {
        rest = Buffer.from(bytes.subarray(at))
        return
      }
      const from = at + size.header
      at = from + size.payload
      const opcode = (bytes[from - size.header] as number) & 0x0f
      if (opcode === 1) onText(bytes, from, at)
      else if (opcode === 8) return onClose()
    }
  }
}

/** In bytes; null if the header is incomplete. */
function sizeOfFrame(bytes: Buffer, at: number): { header: number; payload: number } | null {
  if (at + 2 > bytes.length) return null
  const short = (bytes[at + 1] as number) & 0x7f
  if (short < 126) return { header: 2, payload: short }
  if (short === 126) return at + 4 > bytes.length ? null : { header: 4, payload: bytes.readUInt16BE(at + 2) }
  return at + 10 > bytes.length ? null : { header: 10, payload: Number(bytes.readBigUInt64BE(at + 2)) }
}
