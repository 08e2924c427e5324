// Kefu tells JSON and nothing binary. Socket.IO searches all that is told for buffers and files, which takes twice as long as to write it out.

import type { Server } from 'socket.io'

/** The parts of socket.io-parser's encoder that this rests on. */
interface Encoder {
  encode(packet: object): string[]
  encodeAsString(packet: object): string
}

/** Call before the first connection. */
export function useJsonEncoder(io: Server): void {
  const { encoder } = io as unknown as { encoder: Encoder }
  encoder.encode = (packet) => [encoder.encodeAsString(packet)]
}
