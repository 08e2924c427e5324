import { createServer } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { Server, type Socket } from 'socket.io'
import { io as connect } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import { type Incoming, interceptRequests } from '../../server/realtime/socketio/request-interceptor.ts'

/** A socket server that echoes payloads, a connected client, and the number of packets that took the slow path. */
async function connected(transports: string[]) {
  const http = createServer()
  const server = new Server(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const taken: Incoming[] = []
  let slowPathPackets = 0
  server.on('connection', (socket: Socket) => {
    socket.conn.on('packet', ({ type }: { type: string }) => {
      if (type === 'message') slowPathPackets += 1
    })
    interceptRequests(socket, (incoming) => {
      taken.push(incoming)
      incoming.ack?.({ ok: true, data: incoming.payload })
    })
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
  slowPathPackets = 0
  const send = (text: string) => (client.io.engine as unknown as { write(text: string): void }).write(text)
  return { server, client, socket, taken, send, slowPathPackets: () => slowPathPackets }
}

const payload = { text: '你好 "quoted" \u2028 \n', list: [1, null, { deep: [true] }] }

it('[RQ5] handles WebSocket requests in order on the fast path, and replies to each', async () => {
  const { client, taken, slowPathPackets } = await connected(['websocket'])
  const replies = await Promise.all([
    client.emitWithAck('first', payload),
    client.emitWithAck('second', null),
    client.emitWithAck('third'),
  ])
  expect(replies).toEqual([{ ok: true, data: payload }, { ok: true, data: null }, { ok: true }])
  expect(taken.map(({ name }) => name)).toEqual(['first', 'second', 'third'])
  expect(slowPathPackets()).toBe(0)
})

it('[RQ5] keeps the order of requests on the fast and the slow path', async () => {
  const { client, socket, taken } = await connected(['websocket'])
  const { ws } = client.io.engine.transport as unknown as { ws: { _socket: TcpSocket; send(text: string): void } }
  const takenOf = async (...texts: string[]) => {
    taken.length = 0
    ws._socket.cork()
    for (const text of texts) ws.send(text)
    ws._socket.uncork()
    await client.emitWithAck('end', {})
    return taken.map(({ name }) => name)
  }
  expect(await takenOf('42["quiet",{}]', '427["one",{}]', '428["two",{}]')).toEqual(['quiet', 'one', 'two', 'end'])
  const timer = setTimeout(() => {}, 60_000)
  Object.assign(socket.conn, { pingTimeoutTimer: timer, hasRefreshedPingTimeout: false })
  expect(await takenOf('427["owes a pong",{}]', '3', '428["owes none",{}]')).toEqual([
    'owes a pong',
    'owes none',
    'end',
  ])
})

it('is installed once per connection, even when the client leaves and rejoins its namespace', async () => {
  for (const transport of ['polling', 'websocket']) {
    const { server, socket, taken, send } = await connected([transport])
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
    expect(taken.map(({ name }) => name)).toEqual(['asked'])
  }
})

it('[RQ1] passes other packets to Socket.IO, and handles the requests that result', async () => {
  const { client, taken, slowPathPackets } = await connected(['websocket'])
  client.emit('no answer', payload)
  client.emit('two', 1, 2)
  expect(await client.emitWithAck('two', 1, 2)).toEqual({ ok: true, data: 1 })
  expect(await client.emitWithAck('bytes', Buffer.from('x'))).toMatchObject({ ok: true })
  expect(taken.map(({ name, ack }) => [name, ack !== null])).toEqual([
    ['no answer', false],
    ['two', false],
    ['two', true],
    ['bytes', true],
  ])
  // An event with bytes is two packets.
  expect(slowPathPackets()).toBe(5)
})

it('[RQ2] passes malformed packets to Socket.IO, which closes the connection', async () => {
  const { client, send, taken, slowPathPackets } = await connected(['websocket'])
  const ended = new Promise<string>((resolve) => client.on('disconnect', resolve))
  send('27["name",{]')
  await ended
  expect(taken).toEqual([])
  expect(slowPathPackets()).toBe(1)
})

it('uses the fast path after an upgrade from polling to WebSocket', async () => {
  const { client, socket, slowPathPackets } = await connected(['polling', 'websocket'])
  expect(await client.emitWithAck('polled', payload)).toEqual({ ok: true, data: payload })
  if (socket.conn.transport.name === 'polling') await new Promise((resolve) => socket.conn.once('upgrade', resolve))
  const before = slowPathPackets()
  expect(await client.emitWithAck('immediately', payload)).toEqual({ ok: true, data: payload })
  expect(slowPathPackets()).toBe(before)
})

it('accepts a request as proof of life in place of a pong', async () => {
  const { client, socket, slowPathPackets } = await connected(['websocket'])
  const conn = socket.conn as unknown as { pingTimeoutTimer: unknown }
  let refreshed = 0
  const refresh = () => {
    refreshed += 1
  }
  Object.assign(conn, { pingTimeoutTimer: { refresh }, hasRefreshedPingTimeout: false })
  await client.emitWithAck('here', payload)
  expect([refreshed, slowPathPackets()]).toEqual([1, 1])
  conn.pingTimeoutTimer = null
  await client.emitWithAck('here', payload)
  expect(slowPathPackets()).toBe(1)
})

it('handles no request after the client has disconnected', async () => {
  const { client, send, socket, taken } = await connected(['websocket'])
  const ended = new Promise((resolve) => socket.conn.once('close', resolve))
  const goodbye = new Promise((resolve) => socket.once('disconnect', resolve))
  send('1')
  await goodbye
  send('27["late",{}]')
  await ended
  expect(taken).toEqual([])
  client.close()
})
