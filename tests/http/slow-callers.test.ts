// Callers that hold a connection and send nothing, or one byte at a time.

import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/**
 * Sends the start of a request and then nothing. Resolves with the response when the server has closed the connection.
 */
function begin(text: string): { socket: Socket; ended: Promise<string> } {
  const { hostname, port } = new URL(app.url)
  const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(text))
  let answer = ''
  const ended = new Promise<string>((resolve) => {
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
  })
  return { socket, ended }
}

test('[T29] [HT28] endless headers are cut off, and other callers are served meanwhile', async () => {
  const slow = Array.from({ length: 500 }, () => begin('GET /healthz HTTP/1.1\r\nHost: kefu\r\nX: '))
  const dripping = slow.slice(0, 50).map(({ socket }) => setInterval(() => socket.write('x'), 500))
  for (let i = 0; i < 20; i++) expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
  const answers = await Promise.all(slow.map(({ ended }) => ended))
  for (const timer of dripping) clearInterval(timer)
  expect(new Set(answers.map((answer) => answer.split('\r\n')[0]))).toEqual(new Set(['HTTP/1.1 400 Bad Request']))
  expect(answers[0]).toContain('"code":"invalid_request"')
})
