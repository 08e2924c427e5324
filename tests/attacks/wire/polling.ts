// Polling sessions of Socket.IO by hand.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Budget, Target } from '../attack.ts'
import { ask, get, openTcp } from './raw-socket.ts'

export const polling = '/socket.io/?EIO=4&transport=polling'

/** The id of a new session, without a token. */
export async function openPolling(target: Target): Promise<string> {
  const [, sid] = /"sid":"([^"]+)"/.exec(await ask(target, get(target, polling))) ?? []
  if (sid === undefined) throw new Error('no polling session')
  return sid
}

type Send = (packets: string) => Promise<boolean>

/** Over one kept connection while the session lives; its token goes with each request. */
export async function withPollingSession(
  target: Target,
  budget: Budget,
  token: string,
  work: (send: Send, path: string) => Promise<void>,
): Promise<void> {
  budget.count('connections')
  const socket = await openTcp(target, target.address())
  const ask = (text: string) =>
    new Promise<string>((resolve) => {
      const settle = (answer: string) => {
        clearTimeout(timer)
        socket.off('data', onData).off('close', onClose)
        resolve(answer)
      }
      const onData = (piece: Buffer) => settle(piece.toString('latin1'))
      const onClose = () => settle('')
      const timer = setTimeout(onClose, 20_000)
      socket.on('data', onData).on('close', onClose)
      socket.write(text)
      budget.count('bytes', text.length)
    })
  const plain = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nHost: ${target.host}:${target.port}\r\nAuthorization: Bearer ${token}\r\n` +
    `Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  try {
    const sid = /"sid":"([^"]+)"/.exec(await ask(get(target, polling)))?.[1]
    const path = `${polling}&sid=${sid}`
    const send: Send = async (packets) => (await ask(plain(path, packets))).includes(' 200 ')
    if (sid === undefined || !(await send(`40${JSON.stringify({ token })}`))) {
      budget.count('refusals')
      return await sleep(20)
    }
    await work(send, path)
    if (!budget.isOver()) budget.count('cuts')
  } finally {
    socket.destroy()
  }
}
