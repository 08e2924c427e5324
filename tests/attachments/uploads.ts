// Uploads and downloads as a client program does them, and the content of the uploads folder.

import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Attachment } from '#protocol/entities.ts'
import type { HttpReply, TestAccount, TestApp } from '../support/app.ts'

export const boundary = 'a-line-between-parts'

/** One part of a form. Its headers are sent unchanged. */
export function part(headers: string, content: Uint8Array | string): Buffer {
  return Buffer.concat([Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')])
}

export const filePart = (content: Uint8Array | string, name: string, type = 'application/octet-stream') =>
  part(`Content-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}`, content)

export const formOf = (...parts: Buffer[]) => Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])

export async function post(
  app: TestApp,
  account: TestAccount,
  body: Uint8Array,
  contentType = `multipart/form-data; boundary=${boundary}`,
): Promise<HttpReply> {
  const response = await fetch(`${app.url}/api/v1/attachments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.token}`, 'content-type': contentType },
    body: new Uint8Array(body),
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

export function upload(app: TestApp, account: TestAccount, content: Uint8Array | string, name: string, type?: string) {
  return post(app, account, formOf(filePart(content, name, type)))
}

/** An upload that must succeed. */
export async function uploaded(app: TestApp, account: TestAccount, content: Uint8Array | string, name: string) {
  const { status, body } = await upload(app, account, content, name)
  if (status !== 201) throw new Error(`${name} returned ${status} ${JSON.stringify(body)}`)
  return body as Attachment
}

export async function download(app: TestApp, token: string | null, path: string) {
  const response = await fetch(`${app.url}/api/v1/attachments/${path}`, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  })
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}

/** The names of all files in the uploads folder, unfinished uploads included. */
export async function storedFiles(app: TestApp): Promise<string[]> {
  const entries = await readdir(join(app.config.dataDir, 'uploads'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

export interface OpenUpload {
  socket: Socket
  /** Everything received so far. */
  answer(): string
  closed: Promise<void>
}

/**
 * Starts an upload by hand and sends nothing more. `address` is the client address that a trusted proxy would report.
 */
export function beginUpload(
  app: TestApp,
  account: TestAccount,
  { address, first = '' }: { address?: string; first?: Uint8Array | string } = {},
): OpenUpload {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
  let answer = ''
  socket.on('error', () => {})
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const forwarded = address === undefined ? '' : `X-Forwarded-For: ${address}\r\n`
  socket.write(
    `POST /api/v1/attachments HTTP/1.1\r\nHost: kefu\r\n${forwarded}Authorization: Bearer ${account.token}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: 100000\r\n\r\n`,
  )
  socket.write(first)
  return { socket, answer: () => answer, closed }
}
