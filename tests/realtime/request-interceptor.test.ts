import { createServer } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { io as connect } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import {
  type IncomingRequest,
  listenForRequests,
  type RequestReceiver,
} from '../../server/realtime/incoming-requests.ts'
import { interceptRequests } from '../../server/realtime/socketio/request-interceptor.ts'

/**
 * A socket server that answers each request with its payload, a client of it, and a count of the packets on the slow
 * path.
 */
async function connected(transports: string[], admit: RequestReceiver['admit'] = () => true) {
  const http = createServer()
  const server = new Server(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const received: IncomingRequest[] = []
  let slowPath = 0
  server.on('connection', (socket: Socket) => {
    socket.conn.on('packet', ({ type }: { type: string }) => {
      if (type === 'message') slowPath += 1
    })
    const receive = (request: IncomingRequest) => {
      received.push(request)
      request.ack?.({ ok: true, data: request.payload })
    }
    listenForRequests(socket, { receive })
    interceptRequests(socket, { admit, receive })
  })
  const client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports })
  onTestFinished(async () => {
    client.close()
    await server.close()
  })
  const [socket] = await Promise.all([
    new Promise<Socket>((resolve) => server.on('connection', resolve)),
    new Promise<void>((resolve) => client.on('connect', resolve)),
  ])
  slowPath = 0
  const send = (text: string) => (client.io.engine as unknown as { write(text: string): void }).write(text)
  return { server, client, socket, received, send, slowPath: () => slowPath }
}

const payload = { text: '你好 "quoted" \u2028 \n', list: [1, null, { deep: [true] }] }

it('[RQ5] receives the requests of a WebSocket on the fast path, in order, and answers each', async () => {
  const { client, received, slowPath } = await connected(['websocket'])
  const replies = await Promise.all([
    client.emitWithAck('first', payload),
    client.emitWithAck('second', null),
    client.emitWithAck('third'),
  ])
  expect(replies).toEqual([{ ok: true, data: payload }, { ok: true, data: null }, { ok: true }])
  expect(received.map(({ name }) => name)).toEqual(['first', 'second', 'third'])
  expect(slowPath()).toBe(0)
})

it('[RQ5] keeps the order of packets that arrive together, whichever path each takes', async () => {
  const { client, socket, received } = await connected(['websocket'])
  const { ws } = client.io.engine.transport as unknown as { ws: { _socket: TcpSocket; send(text: string): void } }
  const receivedFrom = async (...texts: string[]) => {
    received.length = 0
    ws._socket.cork()
    for (const text of texts) ws.send(text)
    ws._socket.uncork()
    await client.emitWithAck('end', {})
    return received.map(({ name }) => name)
  }
  expect(await receivedFrom('42["quiet",{}]', '427["one",{}]', '428["two",{}]')).toEqual(['quiet', 'one', 'two', 'end'])
  const timer = setTimeout(() => {}, 60_000)
  Object.assign(socket.conn, { pingTimeoutTimer: timer, hasRefreshedPingTimeout: false })
  expect(await receivedFrom('427["pong due",{}]', '3', '428["pong received",{}]')).toEqual([
    'pong due',
    'pong received',
    'end',
  ])
})

it('is installed once for each connection, however often a client leaves and rejoins on it', async () => {
  for (const transport of ['polling', 'websocket']) {
    const { server, socket, received, send } = await connected([transport])
    const { conn } = socket
    const { onPacket } = conn.transport as unknown as { onPacket: unknown }
    const listeners = conn.listenerCount('upgrade')
    let current = socket
    for (let count = 0; count < 5; count++) {
      const left = new Promise((resolve) => current.once('disconnect', resolve))
      send('1')
      await left
      const came = new Promise<Socket>((resolve) => server.once('connection', resolve))
      send('0')
      current = await came
      expect(current.conn).toBe(conn)
    }
    expect(conn.listenerCount('upgrade')).toBe(listeners)
    expect((conn.transport as unknown as { onPacket: unknown }).onPacket).toBe(onPacket)
    const asked = new Promise((resolve) => current.conn.once('drain', resolve))
    send('27["asked",{}]')
    await asked
    expect(received.map(({ name }) => name)).toEqual(['asked'])
  }
})

it('[RQ1] leaves other packets to Socket.IO and receives the requests that they become', async () => {
  const { client, received, slowPath } = await connected(['websocket'])
  client.emit('no answer', payload)
  client.emit('two', 1, 2)
  expect(await client.emitWithAck('two', 1, 2)).toEqual({ ok: true, data: 1 })
  expect(await client.emitWithAck('bytes', Buffer.from('x'))).toMatchObject({ ok: true })
  expect(received.map(({ name, ack }) => [name, ack !== null])).toEqual([
    ['no answer', false],
    ['two', false],
    ['two', true],
    ['bytes', true],
  ])
  // An event with bytes is two packets.
  expect(slowPath()).toBe(5)
})

it('[RQ6] [S6] parses nothing of a request that is not admitted, and its refusal is the reply', async () => {
  const refusal = { code: 'rate_limited', message: 'no', retryable: true } as const
  const { client, received, slowPath, send } = await connected(['websocket'], (packet, at, ack) => {
    const isAdmitted = packet.slice(at).startsWith('["end"')
    if (!isAdmitted) ack?.({ ok: false, error: refusal })
    return isAdmitted
  })
  // Malformed: parsing it would leave it to Socket.IO.
  send('27["name",{]')
  expect(await client.emitWithAck('first', payload)).toEqual({ ok: false, error: refusal })
  await client.emitWithAck('end')
  expect(received.map(({ name }) => name)).toEqual(['end'])
  expect(slowPath()).toBe(0)
})

it('[RQ2] leaves malformed packets to Socket.IO, which closes the connection', async () => {
  const { client, send, received, slowPath } = await connected(['websocket'])
  const ended = new Promise<string>((resolve) => client.on('disconnect', resolve))
  send('27["name",{]')
  await ended
  expect(received).toEqual([])
  expect(slowPath()).toBe(1)
})

it('receives requests on the fast path after polling has upgraded to WebSocket', async () => {
  const { client, socket, slowPath } = await connected(['polling', 'websocket'])
  expect(await client.emitWithAck('polled', payload)).toEqual({ ok: true, data: payload })
  if (socket.conn.transport.name === 'polling') await new Promise((resolve) => socket.conn.once('upgrade', resolve))
  const before = slowPath()
  expect(await client.emitWithAck('upgraded', payload)).toEqual({ ok: true, data: payload })
  expect(slowPath()).toBe(before)
})

it('accepts a request as a sign of life while a pong is due', async () => {
  const { client, socket, slowPath } = await connected(['websocket'])
  const conn = socket.conn as unknown as { pingTimeoutTimer: unknown }
  let refreshed = 0
  const refresh = () => {
    refreshed += 1
  }
  Object.assign(conn, { pingTimeoutTimer: { refresh }, hasRefreshedPingTimeout: false })
  await client.emitWithAck('here', payload)
  expect([refreshed, slowPath()]).toEqual([1, 1])
  conn.pingTimeoutTimer = null
  await client.emitWithAck('here', payload)
  expect(slowPath()).toBe(1)
})

it('receives nothing from a client after it has left', async () => {
  const { client, send, socket, received } = await connected(['websocket'])
  const ended = new Promise((resolve) => socket.conn.once('close', resolve))
  const goodbye = new Promise((resolve) => socket.once('disconnect', resolve))
  send('1')
  await goodbye
  send('27["late",{}]')
  await ended
  expect(received).toEqual([])
  client.close()
})
