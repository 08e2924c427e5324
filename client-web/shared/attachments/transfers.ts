// One upload and one download over HTTP. An upload says how far it is, which fetch cannot.

import type { Attachment } from '#protocol/entities.ts'
import { errorOf } from '../connection/call-api.ts'
import { RequestError } from '../connection/request-error.ts'

const path = '/api/v1/attachments'
/** A transfer without progress for so long is over: longer than limits.inspectionWaitMs and limits.inspectionMs together. */
const stalledMs = 40_000

export interface UploadOptions {
  token: string
  onProgress: (part: number) => void
  signal: AbortSignal
}

export function upload(file: Blob, name: string, { token, onProgress, signal }: UploadOptions): Promise<Attachment> {
  if (signal.aborted) return Promise.reject(RequestError.offline())
  const { promise, resolve, reject } = Promise.withResolvers<Attachment>()
  const request = new XMLHttpRequest()
  let timer: ReturnType<typeof setTimeout> | undefined
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(() => request.abort(), stalledMs)
  }
  request.upload.onprogress = ({ loaded, total }) => {
    wait()
    onProgress(total > 0 ? loaded / total : 0)
  }
  request.onload = () => {
    const answer = parsed(request.responseText)
    if (request.status === 201) resolve(answer as Attachment)
    else reject(errorOf(answer) ?? new RequestError('internal', `The server answered ${request.status}`, true))
  }
  request.onerror = () => reject(RequestError.timeout())
  // Given up by who sent it, or by us since nothing moves.
  request.onabort = () => reject(signal.aborted ? RequestError.offline() : RequestError.timeout())
  request.onloadend = () => clearTimeout(timer)
  signal.addEventListener('abort', () => request.abort())
  const form = new FormData()
  form.append('file', file, name)
  request.open('POST', path)
  request.setRequestHeader('authorization', `Bearer ${token}`)
  wait()
  request.send(form)
  return promise
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export async function download(id: number, size: 'whole' | 'thumbnail', token: string): Promise<Blob> {
  const response = await fetch(`${path}/${id}${size === 'thumbnail' ? '/thumbnail' : ''}`, {
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => {
    throw RequestError.offline()
  })
  if (response.ok) return response.blob()
  const answer: unknown = await response.json().catch(() => null)
  throw errorOf(answer) ?? new RequestError('internal', `The server answered ${response.status}`, true)
}
