// Bus messages that no node has sent.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { type Attack, attack } from '../attack.ts'

const bodies = [
  'null',
  '[]',
  '{}',
  'a'.repeat(100_000),
  JSON.stringify([null, null]),
  Buffer.from([0x93, 0xc0, 0xc0, 0xc0]),
  Buffer.from([0x93, 0xa1, 0x61, 0x82, 0xa4, 0x74, 0x79, 0x70, 0x65, 0x02, 0xa4, 0x64, 0x61, 0x74, 0x61, 0xc0, 0x80]),
  JSON.stringify({ uid: 'x', type: 6, data: ['rates:counted', null] }),
  JSON.stringify({
    uid: 'x',
    type: 6,
    data: [
      'rates:counted',
      [
        [null, null],
        ['x', 1e308],
      ],
    ],
  }),
  JSON.stringify({ uid: 'x', type: 6, data: ['connections:end', null, null] }),
]

export const busAttacks: Attack[] = [
  attack({
    name: 'bus-messages',
    ids: ['S10'],
    what: 'a client of Redis publishes malformed bodies to every channel',
    floor: { requests: 20 },
    needsRedis: true,
    async run(target, budget) {
      const client = createClient({ url: target.redisUrl as string }).on('error', () => undefined)
      await client.connect()
      try {
        while (!budget.isOver()) {
          const named = (await client.sendCommand(['PUBSUB', 'CHANNELS', '*'])) as string[]
          const channels = named.flatMap((name) => [name, name.replace(/-(request|response)#.*$/, '#/#')])
          for (const channel of new Set(channels)) {
            for (const body of bodies) {
              budget.count('requests')
              await client.sendCommand(['PUBLISH', channel, body as string])
            }
          }
          await sleep(100)
        }
      } finally {
        client.destroy()
      }
    },
  }),
]
