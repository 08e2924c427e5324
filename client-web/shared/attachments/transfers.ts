// Upload and download of one file. The upload uses XMLHttpRequest, because fetch reports no upload progress.

import type { Attachment } from '#protocol/entities.ts'
import { errorOf } from '../connection/call-api.ts'
import { RequestError } from '../connection/request-error.ts'

const path = '/api/v1/attachments'
/**
 * A transfer without progress for this long fails: longer than limits.inspectionWaitMs and limits.inspectionMs
 * together.
 */
const stallTimeoutMs = 40_000

export interface UploadOptions {
  token: string
  onProgress: (fraction: number) => void
  signal: AbortSignal
}

export function upload(file: Blob, name: string, { token, onProgress, signal }: UploadOptions): Promise<Attachment> {
  if (signal.aborted) return Promise.reject(RequestError.offline())
  const { promise, resolve, reject } = Promise.withResolvers<Attachment>()
  const request = new XMLHttpRequest()
  let timer: ReturnType<typeof setTimeout> | undefined
  const restartTimer = () => {
    clearTimeout(timer)
    timer = setTimeout(() => request.abort(), stallTimeoutMs)
  }
  request.upload.onprogress = ({ loaded, total }) => {
    restartTimer()
    onProgress(total > 0 ? loaded / total : 0)
  }
  request.onload = () => {
    const reply = parseJson(request.responseText)
    if (request.status === 201) resolve(reply as Attachment)
    else reject(errorOf(reply) ?? new RequestError('internal', `The server answered ${request.status}`, true))
  }
  request.onerror = () => reject(RequestError.timeout())
  // Aborted by the sender, or by the stall timer.
  request.onabort = () => reject(signal.aborted ? RequestError.offline() : RequestError.timeout())
  request.onloadend = () => clearTimeout(timer)
  signal.addEventListener('abort', () => request.abort())
  const form = new FormData()
  form.append('file', file, name)
  request.open('POST', path)
  request.setRequestHeader('authorization', `Bearer ${token}`)
  restartTimer()
  request.send(form)
  return promise
}

function parseJson(text: string): unknown {
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
  const reply: unknown = await response.json().catch(() => null)
  throw errorOf(reply) ?? new RequestError('internal', `The server answered ${response.status}`, true)
}
