// Uploads and downloads as the current user. Downloads need a bearer
// header, so no URL gives access to a file; the page shows blobs.

import type { Attachment } from '#protocol/entities.ts'
import type { AccessToken } from '../connection/access-token.ts'
import { RequestError } from '../connection/request-error.ts'
import { download, upload } from './transfers.ts'

export interface Files {
  /** Rejects with a RequestError. */
  load(id: number, size: 'whole' | 'thumbnail'): Promise<Blob>
  /** `onProgress` receives the fraction sent, from 0 to 1. Rejects with a RequestError. */
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

/** A token with less time left is renewed before a call. */
const almostExpiredMs = 15_000

export function openFiles({ getToken, renewToken }: Tokens): Files {
  /** Renews an expired token once. */
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
    load: (id, size) => withToken((token) => download(id, size, token)),
    upload: (file, name, options) => withToken((token) => upload(file, name, { ...options, token })),
  }
}
