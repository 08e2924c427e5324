import { createServer } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { Server } from 'socket.io'
import { io as connect } from 'socket.io-client'
import { expect, it, onTestFinished } from 'vitest'
import { useJsonEncoder } from '../../server/realtime/socketio/json-encoder.ts'
import { coalesceWrites } from '../../server/realtime/socketio/write-coalescing.ts'

/** A socket server with one client, and how often the server writes to the network. */
async function connected() {
  const http = createServer()
  const server = new Server(http)
  coalesceWrites(server)
  useJsonEncoder(server)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ['websocket'] })
  onTestFinished(async () => {
    client.close()
    await server.close()
  })
  const [socket] = await Promise.all([
    new Promise<import('socket.io').Socket>((resolve) => server.on('connection', resolve)),
    new Promise<void>((resolve) => client.on('connect', resolve)),
  ])
  const received: unknown[] = []
  client.onAny((_name, value) => received.push(value))
  const until = (value: unknown) =>
    new Promise<void>((resolve) => client.onAny((_name, receivedValue) => receivedValue === value && resolve()))
  return { server, client, socket, received, until, writes: countWrites(socket) }
}

function countWrites(socket: import('socket.io').Socket): () => number {
  const { transport } = socket.conn as unknown as { transport: { socket: { _socket: TcpSocket } } }
  const handle = (transport.socket._socket as unknown as { _handle: Record<string, (...args: unknown[]) => unknown> })
    ._handle
  let count = 0
  for (const name of ['writev', 'writeBuffer', 'writeUtf8String', 'writeLatin1String', 'writeAsciiString']) {
    const write = handle[name]?.bind(handle)
    if (write === undefined) throw new Error(`this Node has no ${name}`)
    handle[name] = (...args) => {
      count += 1
      return write(...args)
    }
  }
  return () => count
}

it('[EV4] events of one tick leave in one write, in order, whether sent to one connection or to a room', async () => {
  const { server, socket, received, until, writes } = await connected()
  await new Promise(setImmediate)
  const before = writes()
  const last = until(59)
  for (let value = 0; value < 60; value += 2) {
    server.to(socket.id).emit('event', value)
    socket.emit('event', value + 1)
  }
  await last
  expect(writes() - before).toBe(1)
  expect(received).toEqual(Array.from({ length: 60 }, (_, value) => value))
})

it('[EV4] a volatile event is not dropped because of other events in the same tick', async () => {
  const { socket, received, until } = await connected()
  await new Promise(setImmediate)
  const last = until('end')
  socket.emit('event', 'first')
  socket.volatile.emit('event', 'volatile')
  socket.emit('event', 'end')
  await last
  expect(received).toEqual(['first', 'volatile', 'end'])
})

it('[EV4] an event arrives when its connection is closed in the same tick', async () => {
  const { socket, until } = await connected()
  const last = until('last')
  socket.emit('event', 'last')
  socket.disconnect(true)
  await last
})

it('events and replies are sent as text, and nested values arrive unchanged', async () => {
  const { server, socket, received, until } = await connected()
  const value = { text: '你好 "quoted" \u2028', list: [1, null, { deep: [true] }] }
  const last = until('end')
  server.to(socket.id).emit('event', value)
  socket.emit('event', value)
  socket.emit('event', 'end')
  await last
  expect(received).toEqual([value, value, 'end'])
})

it('[EV4] events for a client that does not read wait in order, and volatile ones are dropped, until it reads again', async () => {
  const { socket, client, received, until } = await connected()
  const { ws } = client.io.engine.transport as unknown as { ws: { _socket: TcpSocket } }
  ws._socket.pause()
  const much = 'x'.repeat(64 * 1024)
  const { conn } = socket as unknown as { conn: { writeBuffer: unknown[]; transport: { writable: boolean } } }
  let sent = 0
  while (conn.transport.writable) {
    socket.emit('event', `${sent++} ${much}`)
    await new Promise(setImmediate)
  }
  for (let count = 0; count < 10; count++) {
    socket.emit('event', `${sent++} ${much}`)
    socket.volatile.emit('event', 'volatile')
  }
  await new Promise(setImmediate)
  expect(conn.writeBuffer.length).toBe(10)
  const last = until('end')
  socket.emit('event', 'end')
  ws._socket.resume()
  await last
  expect(received).toEqual([...Array.from({ length: sent }, (_, index) => `${index} ${much}`), 'end'])
  expect(conn.transport.writable).toBe(true)
})
