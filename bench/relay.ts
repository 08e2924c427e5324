// What Kefu is measured against: a bare Socket.IO relay with stock settings. No accounts, no checks, no order, no database: it tells a room
// and acknowledges.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http)

io.on('connection', (socket) => {
  socket.join(socket.handshake.auth.rooms)
  socket.on('message:send', (message, acknowledge) => {
    io.to(`conversation:${message.conversationId}`).emit('message:created', message)
    acknowledge({ ok: true })
  })
})

http.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${(http.address() as AddressInfo).port}`))
