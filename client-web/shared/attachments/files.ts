// Bytes to and from the server as the person on this page. The bearer header goes along, so nothing is ever an address that others could
// open: what is shown is a blob of this page.

import type { Attachment } from '#protocol/entities.ts'
import type { AccessToken } from '../connection/access-token.ts'
import { RequestError } from '../connection/request-error.ts'

export interface Files {
  /** Rejects with a RequestError. */
  load(id: number, size: 'whole' | 'thumbnail'): Promise<Blob>
  /** `onProgress` hears how much of it has gone, from 0 to 1. Rejects with a RequestError. */
  upload(
    file: Blob,
    name: string,
    options: { onProgress: (fraction: number) => void; signal: AbortSignal },
  ): Promise<Attachment>
}

interface Tokens {
  getToken: () => AccessToken | null
  renewToken: () => Promise<AccessToken>
}

/** Less than this left, and a call renews first. */
const almostExpiredMs = 15_000

export function openFiles({ getToken, renewToken }: Tokens): Files {
  /** A token that ran out is renewed once. */
  async function withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    const held = getToken()
    const current = held && held.expiresAt - Date.now() > almostExpiredMs ? held : await renewToken()
    try {
      return await call(current.token)
    } catch (error) {
      if (RequestError.of(error).code !== 'unauthorized') throw error
      return call((await renewToken()).token)
    }
  }

  return {
    load: (id, size) => withToken(async (token) => (await import('./transfers.ts')).download(id, size, token)),
    upload: (file, name, options) =>
      withToken(async (token) => (await import('./transfers.ts')).upload(file, name, { ...options, token })),
  }
}
