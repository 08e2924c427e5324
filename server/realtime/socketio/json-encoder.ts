// Encodes packets as JSON without Socket.IO's search for buffers and files, which takes twice as long as the encoding.
// Kefu sends no binary.

import type { Server } from 'socket.io'
import type { PacketEncoder } from './engine-types.ts'

/** Call before the first connection. */
export function useJsonEncoder(io: Server): void {
  const { encoder } = io as unknown as { encoder: PacketEncoder }
  encoder.encode = (packet) => [encoder.encodeAsString(packet)]
}
