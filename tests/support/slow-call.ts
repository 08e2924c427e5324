// A call whose body comes long after its headers.

import { request } from 'node:http'

export interface SlowAnswer {
  status: number
  code: string | undefined
}

export interface SlowCall {
  /** Sends the rest of the body; what was answered, however early. */
  finish(): Promise<SlowAnswer>
  /** What was answered, perhaps before the body's end. */
  answered: Promise<SlowAnswer>
  /** Gives the call up. */
  drop(): void
}

export interface SlowCallParts {
  method: string
  path: string
  token: string
  type: string
  body: string | Uint8Array
  /** How many bytes of the body are sent with the headers. */
  first?: number
}

/** Sends the headers and the beginning of the body. */
export function beginSlowCall(url: string, { method, path, token, type, body, first = 1 }: SlowCallParts): SlowCall {
  const bytes = Buffer.from(body)
  const answered = Promise.withResolvers<SlowAnswer>()
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
  // Awaited by finish; one that is dropped is nobody's to hear of.
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
