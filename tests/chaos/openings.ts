// Opens conversations again and again while people write in them. The events must continue from the snapshot without
// a gap.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Person } from './chaos-client.ts'
import { startRig } from './cluster.ts'
import type { Journal } from './journal.ts'
import { openOutbox } from './outbox.ts'
import { gatherPeople, type People } from './people.ts'
import { createRandom, type Random } from './random.ts'
import { somethingToSay } from './words.ts'

const openingMs = 6_000

export async function findGapsInOpenings({ seed, source }: { seed: number; source: string }): Promise<string[]> {
  const random = createRandom(seed)
  const rig = await startRig({ nodes: 1, source })
  const { journal, nodes } = rig
  try {
    const urls = nodes.map(({ url }) => url)
    const people = await gatherPeople({ urls, customers: 4, agents: 3, journal, random })
    for (const { agents } of people.talks) for (const following of agents) following.stop()
    const until = performance.now() + openingMs
    await Promise.all([
      ...people.talks.map(({ customer, conversationId }) =>
        write(customer.person, conversationId, until, random.fork(), journal),
      ),
      ...people.agents.map((agent) => openAll(agent, people, until, random.fork(), journal)),
    ])
    people.close()
    if (journal.counts.get('told after opening') === undefined) journal.violation('nothing was told after an opening')
    return journal.violations
  } finally {
    await rig.stop(false)
  }
}

async function write(person: Person, conversationId: number, until: number, random: Random, journal: Journal) {
  const outbox = openOutbox(person, conversationId, journal, 4)
  while (performance.now() < until) {
    if (outbox.size() < 4) outbox.add(somethingToSay(random))
    await sleep(random.between(1, 6))
  }
}

async function openAll(agent: Person, { talks }: People, until: number, random: Random, journal: Journal) {
  let listensTo = 0
  let told: number[] = []
  agent.on('message:created', ({ conversationId, seq }) => {
    if (conversationId === listensTo) told.push(seq)
  })
  while (performance.now() < until) {
    const { conversationId } = random.pick(talks)
    await agent.request('conversation:leave', { conversationId })
    listensTo = conversationId
    told = []
    const opening = await agent.request('conversation:open', { conversationId })
    await sleep(random.between(5, 60))
    if (opening.kind !== 'ok') journal.violation('conversation:open failed')
    else listen(conversationId, opening.data.messages.at(-1)?.seq ?? 0, told, journal)
  }
}

/** Events may overlap with the snapshot. They may not leave out a message. */
function listen(conversationId: number, answered: number, told: number[], journal: Journal) {
  let last = answered
  for (const seq of told) {
    if (seq > last + 1) journal.violation(`conversation ${conversationId} was answered up to ${last}, then told ${seq}`)
    last = Math.max(last, seq)
    journal.count('told after opening')
  }
}
