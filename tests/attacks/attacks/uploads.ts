// Uploads: names, slow bodies, and images that are small to send and expensive to decode.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, type Budget, type Target } from '../attack.ts'
import { ofRate } from '../bounds.ts'
import { call, logIn, newCustomer, newCustomers } from '../wire/accounts.ts'
import { openTcp, repeatedly } from '../wire/raw-socket.ts'

const boundary = 'kefu-attack'

function form(name: string, content: Buffer): { type: string; body: Buffer } {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  }
}

async function upload(target: Target, budget: Budget, token: string, name: string, content: Buffer, from?: string) {
  const raw = form(name, content)
  budget.count('requests')
  budget.count('bytes', raw.body.length)
  const options = from === undefined ? { token, raw } : { token, raw, from }
  const { status } = await call(target, 'POST', '/attachments', undefined, options)
  if (status === 201) budget.count('uploads')
  else if (status === 429 || status === 503) budget.count('refusals')
  return status
}

export const uploadAttacks: Attack[] = [
  attack({
    name: 'dots-in-a-name',
    ids: ['S3'],
    what: 'uploads of two bytes whose file name is 78,000 dots',
    floor: { requests: 0.05 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 4, async () => {
        await upload(target, budget, token, `${'.'.repeat(78_000)}x`, Buffer.from('hi'))
      }),
  }),
  attack({
    name: 'blanks-in-names',
    ids: ['S3', 'new'],
    what: 'names, pages and subjects of tens of thousands of blanks, slashes and marks',
    floor: { requests: 0.05 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 4, async (_, n) => {
        const part = [' ', '/', '\\\\', '\u202e', '. ', '%', "'"][n % 7] as string
        await upload(target, budget, token, `a${part.repeat(Math.floor(60_000 / part.length))}b`, Buffer.from('hi'))
        budget.count('requests')
        const page = { url: `https://a.example/${part.repeat(20_000)}`, title: part.repeat(20_000) }
        await call(target, 'POST', '/widget/session', { token, page, name: part.repeat(20_000) })
        await sleep(20)
      }),
  }),
  attack({
    name: 'slow-uploads',
    ids: ['S12'],
    what: '13 customers hold four uploads each, with a byte every five seconds',
    floor: { connections: 2 },
    prepare: (target) => newCustomers(target, 13),
    run: (target, budget, customers) =>
      repeatedly(budget, 52, async (index) => {
        budget.count('connections')
        const socket = await openTcp(target, target.address())
        const { token } = customers[index % 13] as { token: string }
        const head = form('a.txt', Buffer.alloc(0)).body.subarray(0, 90)
        socket.on('data', () => budget.count('refusals'))
        socket.write(
          `POST /api/v1/attachments HTTP/1.1\r\nHost: ${target.host}\r\nAuthorization: Bearer ${token}\r\n` +
            `Content-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: 1000000\r\n\r\n${head}`,
        )
        while (!socket.destroyed && !budget.isOver()) {
          await Promise.race([sleep(5_000), budget.over])
          socket.write('a')
          budget.count('bytes')
        }
        if (!budget.isOver()) budget.count('cuts')
        socket.destroy()
      }),
  }),
  attack({
    name: 'expensive-images',
    ids: ['S13'],
    what: 'five customers upload twenty AVIF images of 50 million pixels',
    floor: { requests: 1 },
    prepare: async (target) => ({ customers: await newCustomers(target, 5), image: readFileSync(target.files.avif) }),
    run: (target, budget, { customers, image }) =>
      repeatedly(budget, 20, async (index) => {
        const { token } = customers[index % 5] as { token: string }
        const status = await upload(target, budget, token, 'a.avif', image)
        if (status !== 201) await sleep(500)
      }),
  }),
  attack({
    name: 'uploads-that-end',
    ids: ['new'],
    what: 'uploads whose connection is reset in the middle',
    floor: { connections: 10 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 4, async () => {
        budget.count('connections')
        const socket = await openTcp(target, target.address())
        const { body } = form('a.txt', Buffer.alloc(20_000, 97))
        socket.on('data', () => budget.count('refusals'))
        socket.write(
          `POST /api/v1/attachments HTTP/1.1\r\nHost: ${target.host}\r\nAuthorization: Bearer ${token}\r\n` +
            `Content-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${body.length}\r\n\r\n`,
        )
        socket.write(body.subarray(0, 10_000))
        budget.count('bytes', 10_000)
        await sleep(10)
        socket.resetAndDestroy()
      }),
  }),
]

/** Small text files, one after another. */
const uploadMany = (target: Target, budget: Budget, tokens: readonly string[], from?: string) =>
  repeatedly(budget, tokens.length, async (index) => {
    const status = await upload(target, budget, tokens[index] as string, 'a.txt', Buffer.from('hello'), from)
    if (status !== 201) await sleep(20)
  })

export const uploadDrills: Attack[] = [
  attack({
    name: 'uploads-of-one-customer',
    ids: ['S12'],
    isDrill: true,
    what: 'one customer uploads small files without end',
    floor: { requests: 4 },
    most: { uploads: ofRate('customerUploads') },
    prepare: newCustomer,
    run: (target, budget, { token }) => uploadMany(target, budget, Array(3).fill(token)),
  }),
  attack({
    name: 'uploads-of-one-agent',
    ids: ['S12'],
    isDrill: true,
    what: 'one agent uploads small files without end, from an address of each kind',
    floor: { requests: 4 },
    most: { uploads: ofRate('agentUploads') },
    prepare: logIn,
    run: (target, budget, token) =>
      repeatedly(budget, 3, async (index, n) => {
        const from = target.address(10 + ((n * 3 + index) % 50))
        const status = await upload(target, budget, token, 'a.txt', Buffer.from('hello'), from)
        if (status !== 201) await sleep(20)
      }),
  }),
  attack({
    name: 'uploads-of-one-address',
    ids: ['S12'],
    isDrill: true,
    what: '20 customers behind one address upload small files without end',
    floor: { requests: 4 },
    most: { uploads: ofRate('uploadsPerAddress') },
    prepare: (target) => newCustomers(target, 20),
    run: (target, budget, customers) => {
      const tokens = customers.map(({ token }) => token)
      return uploadMany(target, budget, tokens)
    },
  }),
]
