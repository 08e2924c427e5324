// The least that a chat can do which loses nothing: the bare relay, with each message in a database first, in group commit as Kefu's writer does
// (what arrives while a batch commits is the next). Still no accounts, no checks, no order that outlives it, nothing told but the message.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createConnection, type ResultSetHeader } from 'mysql2/promise'
import { Server } from 'socket.io'

interface PendingMessage {
  message: { conversationId: number; clientMessageId: string; content: string }
  acknowledge(answer: { ok: true }): void
}

const db = await createConnection({ socketPath: process.argv[2] as string, user: 'root' })
await db.query('CREATE DATABASE IF NOT EXISTS kefu_relay')
await db.query(`CREATE OR REPLACE TABLE kefu_relay.messages (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  conversation_id BIGINT UNSIGNED NOT NULL, client_message_id VARCHAR(64) NOT NULL, content TEXT NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), UNIQUE KEY (conversation_id, client_message_id))`)

const http = createServer()
const io = new Server(http)
let waiting: PendingMessage[] = []
let isWriting = false

async function write() {
  while (waiting.length > 0) {
    const batch = waiting
    waiting = []
    const rows = batch.map(({ message }) => [message.conversationId, message.clientMessageId, message.content])
    await db.query<ResultSetHeader>(
      'INSERT INTO kefu_relay.messages (conversation_id, client_message_id, content) VALUES ?',
      [rows],
    )
    for (const { message, acknowledge } of batch) {
      io.to(`conversation:${message.conversationId}`).emit('message:created', message)
      acknowledge({ ok: true })
    }
  }
  isWriting = false
}

io.on('connection', (socket) => {
  socket.join(socket.handshake.auth.rooms)
  socket.on('message:send', (message, acknowledge) => {
    waiting.push({ message, acknowledge })
    if (isWriting) return
    isWriting = true
    setImmediate(write)
  })
})

http.listen(0, '127.0.0.1', () => console.log(`ready at http://127.0.0.1:${(http.address() as AddressInfo).port}`))
