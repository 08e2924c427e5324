// Kefu and its database are killed: acknowledged messages stay, and everything recovers by itself.

import { describe, expect, test } from 'vitest'
import { connectClient } from '../support/client.ts'
import { databasePid, isRunning, killDatabase, newDataDir, startServer, until } from '../support/server-process.ts'

const isReady = async (url: string) => (await fetch(`${url}/readyz`).catch(() => null))?.status === 200

async function newCustomer(url: string): Promise<{ token: string; resumeToken: string }> {
  const answer = await fetch(`${url}/api/v1/widget/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { token: string; resumeToken: string }
}

describe('SIGKILL', () => {
  test('of Kefu leaves its database running, which the next start ends before it starts its own', async () => {
    const dataDir = await newDataDir()
    const first = startServer(dataDir)
    await first.ready()
    const orphan = databasePid(dataDir)
    first.kill('SIGKILL')
    await first.exited
    expect(isRunning(orphan)).toBe(true)

    const second = startServer(dataDir)
    expect(await isReady(await second.ready())).toBe(true)
    expect(isRunning(orphan)).toBe(false)
    expect(databasePid(dataDir)).not.toBe(orphan)
    second.kill('SIGTERM')
    expect((await second.exited).code).toBe(0)
  })

  test('of the database is followed by an immediate restart, and Kefu continues', async () => {
    const dataDir = await newDataDir()
    const server = startServer(dataDir)
    const url = await server.ready()
    for (let round = 0; round < 2; round++) {
      const killed = killDatabase(dataDir)
      await until(() => ![null, killed].includes(databasePid(dataDir)))
      await until(() => isReady(url))
    }
    server.kill('SIGTERM')
    expect((await server.exited).code).toBe(0)
    expect(isRunning(databasePid(dataDir))).toBe(false)
  })

  test('of Kefu and its database while a customer writes loses no acknowledged message', async () => {
    const dataDir = await newDataDir()
    const env = { RATE_LIMITS: 'off', JWT_SECRET: 'k'.repeat(32), ADMIN_PASSWORD: 'a good password' }
    let server = startServer(dataDir, env)
    let url = await server.ready()
    const { token } = await newCustomer(url)
    const first = await connectClient(url, token)
    const { conversation } = await first.request('conversation:start', {})
    first.close()

    const sent: string[] = []
    const acknowledged: string[] = []
    for (let round = 0; round < 6; round++) {
      const client = await connectClient(url, token)
      const alone = round % 2 === 0
      const kill = () => (alone ? killDatabase(dataDir) : server.kill('SIGKILL'))
      const enough = acknowledged.length + 10
      let up = true
      client.socket.once('disconnect', () => {
        up = false
      })
      for (let n = 0; up && n < 400; n++) {
        const clientMessageId = `m-${round}-${n}`
        sent.push(clientMessageId)
        const send = { conversationId: conversation.id, clientMessageId, content: `message ${round} ${n}` }
        const reply = await Promise.race([
          client.ask('message:send', send).catch(() => null),
          new Promise<null>((resolve) => client.socket.once('disconnect', () => resolve(null))),
        ])
        if (reply?.ok) {
          acknowledged.push(clientMessageId)
          // At any moment of the next sends.
          if (acknowledged.length === enough) setTimeout(kill, round * 7)
        } else if (alone && reply !== null) break
      }
      client.close()
      if (!alone) {
        await server.exited
        server = startServer(dataDir, env)
        url = await server.ready()
      }
      await until(() => isReady(url))
    }

    const client = await connectClient(url, token)
    const found: { seq: number; clientMessageId: string }[] = []
    for (let hasMore = true; hasMore; ) {
      const page = await client.request('message:list', {
        conversationId: conversation.id,
        afterSeq: found.at(-1)?.seq ?? 0,
        limit: 100,
      })
      found.push(...page.messages)
      hasMore = page.hasMore
    }
    client.close()
    const ids = found.map((message) => message.clientMessageId)
    expect(acknowledged.length).toBeGreaterThanOrEqual(60)
    expect(found.map((message) => message.seq)).toEqual(found.map((_, index) => index + 1))
    expect(new Set(ids).size).toBe(ids.length)
    expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([])
    expect(ids).toEqual(sent.filter((id) => ids.includes(id)))
  })
})
