// The bare relay, Kefu's baseline: Socket.IO with default settings that emits to a room and acknowledges. No accounts,
// validation, ordering or database.

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
