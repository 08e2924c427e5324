// Drills for what nobody reads: answers and pages that wait in the server. The kernel takes the first megabytes of a
// connection, so each drill asks for more than that.

import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, type Budget, drill, type Target } from '../attack.ts'
import { type Customer, call, logIn, newConversation, newCustomer, sendMessages } from '../wire/accounts.ts'
import { get, openTcp, repeatedly } from '../wire/raw-socket.ts'
import { frame, openWebSocket } from '../wire/web-socket.ts'

/** Downloads of one file that is larger than what the kernel takes. */
interface Download {
  customer: Customer
  path: string
}

async function uploadedFile(target: Target): Promise<Download> {
  const customer = await newCustomer(target)
  const boundary = 'drill'
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.txt"\r\n\r\n`
  const body = Buffer.concat([
    Buffer.from(head),
    Buffer.alloc(19 * 2 ** 20, 'text '),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  const { token, from } = customer
  const raw = { type: `multipart/form-data; boundary=${boundary}`, body }
  const { status, body: attachment } = await call(target, 'POST', '/attachments', undefined, { token, from, raw })
  if (status !== 201) throw new Error(`the file was not stored: ${status}`)
  return { customer, path: `/api/v1/attachments/${attachment.id}` }
}

/** Eight downloads that nobody reads, and how many are still open after three seconds. */
const unreadDownloads = (budget: string, to: Record<string, number>, most: number, addresses: number): Attack =>
  drill<Download>({
    budget,
    to,
    counts: 'held unread',
    most: { burst: most, perSecond: 0 },
    what: `eight connections of ${addresses === 1 ? 'one address' : 'several addresses'} ask for a large file and read nothing`,
    prepare: uploadedFile,
    run: async (target, traffic, { customer, path }) => {
      const sockets = await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          const socket = await openTcp(target, target.address(n % addresses))
          socket.pause()
          socket.write(get(target, path, `Authorization: Bearer ${customer.token}`))
          traffic.count('connections')
          return socket
        }),
      )
      await Promise.race([sleep(3_000), traffic.over])
      await noticeEnds(sockets, '\r\n')
      traffic.peak('held unread', sockets.filter(({ destroyed }) => !destroyed).length)
      for (const socket of sockets) socket.destroy()
    },
  })

/** A socket that does not read notices its end when it writes twice: a reset answers the first write. */
async function noticeEnds(sockets: readonly Socket[], bytes: string | Buffer): Promise<void> {
  for (let times = 0; times < 2; times++) {
    for (const socket of sockets) if (!socket.destroyed) socket.write(bytes)
    await sleep(200)
  }
}

interface Talk {
  token: string
  conversationId: number
}

async function longTalk(target: Target): Promise<Talk> {
  const talk = await newConversation(target)
  const agent = await openWebSocket(target, { token: await logIn(target), from: target.address(2000) })
  await agent.request('conversation:claim', { conversationId: talk.conversationId })
  await sendMessages(agent, talk.conversationId, 40, '😀'.repeat(4_000))
  agent.end()
  talk.socket.end()
  return { token: talk.customer.token, conversationId: talk.conversationId }
}

/** Asks for fifty pages and reads nothing; whether the connection is still open four seconds later. */
async function askUnread(target: Target, traffic: Budget, { token, conversationId }: Talk): Promise<boolean> {
  const raw = await openWebSocket(target, { token })
  raw.stopReading()
  const ask = (ack: number) =>
    frame('text', `42${ack}${JSON.stringify(['message:list', { conversationId, limit: 100 }])}`)
  traffic.count('requests', 50)
  await raw.write(Buffer.concat(Array.from({ length: 50 }, (_, ack) => ask(ack))))
  await Promise.race([sleep(4_000), raw.closed, traffic.over])
  await noticeEnds([raw.socket], frame('text', '3'))
  const isOpen = raw.isOpen()
  raw.end()
  return isOpen
}

export const unreadDrills: Attack[] = [
  drill<Talk>({
    budget: 'unreadBytesPerConnection',
    to: { bytes: 64 * 1024 },
    counts: 'connections that stay',
    most: { burst: 0, perSecond: 0 },
    what: 'a customer asks for fifty pages and reads none',
    prepare: longTalk,
    run: (target, traffic, talk) =>
      repeatedly(traffic, 1, async () => {
        if (await askUnread(target, traffic, talk)) traffic.count('connections that stay')
      }),
  }),
  drill<Talk>({
    budget: 'unreadBytesBeforePage',
    to: { bytes: 128 * 1024 },
    counts: 'connections ended',
    most: { burst: 0, perSecond: 0 },
    what: 'a customer asks for fifty pages and reads none: they wait, and nobody is cut off',
    prepare: longTalk,
    run: (target, traffic, talk) =>
      repeatedly(traffic, 1, async () => {
        if (!(await askUnread(target, traffic, talk)) && !traffic.isOver()) traffic.count('connections ended')
      }),
  }),
  unreadDownloads('unreadBytesPerAddress', { bytes: 20_000 }, 2, 1),
  unreadDownloads('unreadBytes', { bytes: 20_000 }, 2, 8),
  unreadDownloads('slowestReader', { bytes: 2 ** 20, perMs: 1_000 }, 0, 1),
]
