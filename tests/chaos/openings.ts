// Opens conversations again and again while people write in them. The events must continue from the snapshot without
// a gap.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosClient } from './chaos-client.ts'
import { startCluster } from './cluster.ts'
import type { Journal } from './journal.ts'
import { openOutbox } from './outbox.ts'
import { gatherPeople, type People } from './people.ts'
import { createRandom, type Random } from './random.ts'
import { randomText } from './words.ts'

const openingMs = 6_000

export async function findGapsInOpenings({ seed, source }: { seed: number; source: string }): Promise<string[]> {
  const random = createRandom(seed)
  const cluster = await startCluster({ nodes: 1, source })
  const { journal, nodes } = cluster
  try {
    const urls = nodes.map(({ url }) => url)
    const people = await gatherPeople({ urls, customers: 4, agents: 3, journal, random })
    for (const { agents } of people.talks) for (const following of agents) following.stop()
    const until = performance.now() + openingMs
    await Promise.all([
      ...people.talks.map(({ customer, conversationId }) =>
        write(customer.client, conversationId, until, random.fork(), journal),
      ),
      ...people.agents.map((agent) => openAll(agent, people, until, random.fork(), journal)),
    ])
    people.close()
    if (journal.counts.get('events after opening') === undefined) journal.violation('no event followed a snapshot')
    return journal.violations
  } finally {
    await cluster.stop(false)
  }
}

async function write(client: ChaosClient, conversationId: number, until: number, random: Random, journal: Journal) {
  const outbox = openOutbox(client, conversationId, journal, 4)
  while (performance.now() < until) {
    if (outbox.size() < 4) outbox.add(randomText(random))
    await sleep(random.between(1, 6))
  }
}

async function openAll(agent: ChaosClient, { talks }: People, until: number, random: Random, journal: Journal) {
  let subscribedTo = 0
  let received: number[] = []
  agent.on('message:created', ({ conversationId, seq }) => {
    if (conversationId === subscribedTo) received.push(seq)
  })
  while (performance.now() < until) {
    const { conversationId } = random.pick(talks)
    await agent.request('conversation:leave', { conversationId })
    subscribedTo = conversationId
    received = []
    const opening = await agent.request('conversation:open', { conversationId })
    await sleep(random.between(5, 60))
    if (opening.kind !== 'ok') journal.violation('conversation:open failed')
    else checkContinuity(conversationId, opening.data.messages.at(-1)?.seq ?? 0, received, journal)
  }
}

/** Events may overlap with the snapshot. They may not leave out a message. */
function checkContinuity(conversationId: number, snapshotSeq: number, received: number[], journal: Journal) {
  let last = snapshotSeq
  for (const seq of received) {
    if (seq > last + 1) journal.violation(`conversation ${conversationId}: seq ${seq} followed seq ${last}`)
    last = Math.max(last, seq)
    journal.count('events after opening')
  }
}
