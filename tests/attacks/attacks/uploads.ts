// Uploads: file names, slow bodies, and images that are small to send and expensive to decode.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, attack, type Budget, drill, type Target } from '../attack.ts'
import { type Customer, call, logIn, newCustomer, newCustomers } from '../wire/accounts.ts'
import { closed, openTcp, repeatedly } from '../wire/raw-socket.ts'

const boundary = 'kefu-attack'

function form(name: string, content: Buffer): { type: string; body: Buffer } {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  }
}

/** Everything before the file's bytes. */
const uploadHead = ({ host, port }: Target, token: string, length: number): string =>
  `POST /api/v1/attachments HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Bearer ${token}\r\n` +
  `Content-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${length}\r\n\r\n` +
  `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n`

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

/** Another caller at another address who uploads a small file every two seconds and must get a reply in time. */
async function uploadHonestly(target: Target, budget: Budget, { token, from }: Customer): Promise<void> {
  while (!budget.isOver()) {
    const options = { token, from, raw: form('a.txt', Buffer.from('hello')) }
    const answered = call(target, 'POST', '/attachments', undefined, options)
    const late = sleep(10_000).then(() => ({ status: 0 }))
    const answer = await Promise.race([answered, late, budget.over.then(() => null)]).catch(() => ({ status: 0 }))
    if (answer !== null && answer.status !== 201) budget.count('uploads of others refused')
    await Promise.race([sleep(2_000), budget.over])
  }
}

const othersAreServed = { 'uploads of others refused': { burst: 0, perSecond: 0 } }

export const uploadAttacks: Attack[] = [
  attack({
    name: 'dots-in-a-name',
    ids: ['S3'],
    what: 'uploads of two bytes whose file name is 78,000 dots',
    floor: { requests: 0.05 },
    prepare: newCustomer,
    run: (target, budget, { token }) =>
      repeatedly(budget, 4, async () => {
        await upload(target, budget, token, `a${'.'.repeat(78_000)}b.txt`, Buffer.from('hi'))
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
        await upload(target, budget, token, `a${part.repeat(Math.floor(60_000 / part.length))}b.txt`, Buffer.from('hi'))
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
    most: othersAreServed,
    prepare: (target) => newCustomers(target, 21),
    run: async (target, budget, customers) => {
      void uploadHonestly(target, budget, customers[20] as Customer)
      await repeatedly(budget, 52, async (index) => {
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
      })
    },
  }),
  attack({
    name: 'expensive-images',
    ids: ['S13'],
    what: 'five customers upload twenty AVIF images of 50 million pixels',
    floor: { requests: 1 },
    most: othersAreServed,
    prepare: async (target) => ({ customers: await newCustomers(target, 21), image: readFileSync(target.files.avif) }),
    run: async (target, budget, { customers, image }) => {
      void uploadHonestly(target, budget, customers[20] as Customer)
      await repeatedly(budget, 20, async (index) => {
        const { token } = customers[index % 5] as { token: string }
        const status = await upload(target, budget, token, 'a.avif', image)
        if (status !== 201) await sleep(500)
      })
    },
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

/** Small text files, one after another, with one uploader per token. */
const countDrill = (budget: string, count: number, people: 'customer' | 'agent' | 'customers'): Attack =>
  drill({
    budget,
    to: { count, windowMs: 3600_000 },
    counts: 'uploads',
    what: `${people === 'customers' ? 'ten customers behind one address' : `one ${people}`} upload small files without pause`,
    prepare: async (target) =>
      people === 'agent'
        ? [await logIn(target)]
        : (await newCustomers(target, people === 'customer' ? 1 : 10)).map(({ token }) => token),
    run: (target, budget, tokens) =>
      repeatedly(budget, 3, async (index, n) => {
        const token = tokens[(index + 3 * n) % tokens.length] as string
        if ((await upload(target, budget, token, 'a.txt', Buffer.from('hello'))) !== 201) await sleep(20)
      }),
  })

interface SlotDrill {
  budget: string
  to: Record<string, number>
  most?: number
  people: 'customer' | 'customers of one address' | 'customers of all addresses' | 'agents'
  uploads: number
  /** The bytes of each file that are sent before it stalls. */
  bytes?: number
}

/** Stalled uploads: one that is not refused within two seconds holds a slot. */
const slotDrill = ({ budget, to, most, people, uploads, bytes = 100 }: SlotDrill): Attack =>
  drill({
    budget,
    to,
    counts: 'slots held',
    ...(most === undefined ? {} : { most: { burst: most, perSecond: 0 } }),
    what: `uploads of ${people} start and stall`,
    prepare: async (target) => {
      if (people === 'agents') return [await logIn(target)]
      return (await newCustomers(target, people === 'customer' ? 1 : uploads)).map(({ token }) => token)
    },
    run: async (target, budget, tokens) => {
      let held = 0
      await Promise.all(
        Array.from({ length: uploads }, async (_, index) => {
          const from = people === 'customers of all addresses' ? target.address(index) : target.address()
          const socket = await openTcp(target, from)
          socket.on('data', () => socket.destroy())
          socket.write(uploadHead(target, tokens[index % tokens.length] as string, 10_000_000))
          socket.write(Buffer.alloc(bytes, 97))
          await Promise.race([closed(socket), sleep(2_000)])
          if (!socket.destroyed) held += 1
          budget.peak('slots held', held)
          await Promise.race([closed(socket), sleep(500)])
          socket.destroy()
        }),
      )
    },
  })

/** Expensive images, all concurrently. */
const imageDrill = (budget: string, to: Record<string, number>, most: number, customers: number): Attack =>
  drill({
    budget,
    to,
    counts: 'uploads',
    most: { burst: most, perSecond: 0 },
    what: `${customers} customers upload expensive images`,
    prepare: async (target) => ({
      customers: await newCustomers(target, customers),
      image: readFileSync(target.files.avif),
    }),
    run: async (target, budget, { customers, image }) => {
      await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const { token } = customers[index % customers.length] as { token: string }
          // One customer's images go one after another, because an inspection counts when it is done.
          if (customers.length < 8) await sleep(index * 1_500)
          await upload(target, budget, token, 'a.avif', image).catch(() => undefined)
        }),
      )
    },
  })

export const uploadDrills: Attack[] = [
  countDrill('customerUploads', 5, 'customer'),
  countDrill('agentUploads', 5, 'agent'),
  countDrill('uploadsPerAddress', 8, 'customers'),
  slotDrill({ budget: 'uploadSlotsPerPerson', to: { concurrent: 1 }, people: 'customer', uploads: 4 }),
  slotDrill({
    budget: 'uploadSlotsPerAddress',
    to: { concurrent: 2 },
    people: 'customers of one address',
    uploads: 6,
  }),
  slotDrill({ budget: 'customerUploadSlots', to: { concurrent: 2 }, people: 'customers of all addresses', uploads: 6 }),
  slotDrill({ budget: 'agentUploadSlots', to: { concurrent: 1 }, people: 'agents', uploads: 4 }),
  slotDrill({
    budget: 'stagedBytes',
    to: { bytes: 300_000 },
    most: 3,
    people: 'customers of all addresses',
    uploads: 8,
    bytes: 200_000,
  }),
  imageDrill('inspectionsWaiting', { concurrent: 1 }, 3, 8),
  imageDrill('customerInspectionsWaiting', { concurrent: 1 }, 3, 8),
  imageDrill('inspectionMsPerCustomer', { count: 200, windowMs: 600_000 }, 2, 1),
  imageDrill('inspectionMsPerAddress', { count: 200, windowMs: 600_000 }, 2, 4),
]
