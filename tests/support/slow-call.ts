// A call whose body arrives long after its headers.

import { request } from 'node:http'

export interface SlowReply {
  status: number
  code: string | undefined
}

export interface SlowCall {
  /** Sends the rest of the body and resolves with the response, however early it came. */
  finish(): Promise<SlowReply>
  /** The response, perhaps before the end of the body. */
  answered: Promise<SlowReply>
  /** Aborts the call. */
  drop(): void
}

export interface SlowCallParts {
  method: string
  path: string
  token: string
  type: string
  body: string | Uint8Array
  /** The number of body bytes sent with the headers. */
  first?: number
}

/** Sends the headers and the start of the body. */
export function startSlowCall(url: string, { method, path, token, type, body, first = 1 }: SlowCallParts): SlowCall {
  const bytes = Buffer.from(body)
  const answered = Promise.withResolvers<SlowReply>()
  const headers = { authorization: `Bearer ${token}`, 'content-type': type, 'content-length': bytes.length }
  const sent = request(url + path, { method, headers, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (piece: string) => {
      text += piece
    })
    response.on('end', () => {
      const { error } = JSON.parse(text || '{}') as { error?: { code: string } }
      answered.resolve({ status: response.statusCode ?? 0, code: error?.code })
    })
  })
  sent.on('error', answered.reject)
  // `finish` awaits it. After an abort nobody handles its rejection.
  answered.promise.catch(() => {})
  sent.flushHeaders()
  sent.write(bytes.subarray(0, first))
  return {
    answered: answered.promise,
    finish() {
      sent.end(bytes.subarray(first))
      return answered.promise
    },
    drop: () => sent.destroy(),
  }
}
