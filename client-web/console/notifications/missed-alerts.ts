// Finds what is new since a connection gap, which no event announces any more.

import type { AgentConversation } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestReplies } from '#protocol/requests.ts'
import { backoffMs } from '../../shared/connection/backoff.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import type { Conversations } from '../workspace/conversations.ts'
import { currentAlert } from './alerts.ts'

export interface Alert {
  conversation: AgentConversation
  key: string
}

interface MissedAlertsOptions {
  connection: Connection
  conversations: Conversations
  agentId: number
  /**
   * Gets the alerts of each gap, and first those that exist when the page opens. `held` are those of events that came
   * before the list of changes.
   */
  onFound: (alerts: Alert[], held: Alert[], isFirst: boolean) => void
}

export interface MissedAlerts {
  /** Keeps an event's alert for the list of changes, if that list is still expected. */
  hold(alert: Alert): boolean
  stop(): void
}

/** Nodes publish in their own order: an event this much older than the newest one may have been lost in the gap. */
const overlapMs = 10_000

export function watchMissedAlerts({ connection, conversations, agentId, onFound }: MissedAlertsOptions): MissedAlerts {
  /** Everything that changed before this time on the server's clock has been announced; null until the first list. */
  let announcedUntil: number | null = null
  let isCaughtUp = false
  let ownBeforeGap: ReadonlySet<number> = new Set()
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Alerts of events that came before the list; null while none is expected. */
  let held: Alert[] | null = null

  function takeHeld(): Alert[] {
    const taken = held ?? []
    held = null
    return taken
  }

  function sawTime({ updatedAt }: Pick<AgentConversation, 'updatedAt'>): void {
    if (isCaughtUp) announcedUntil = Math.max(announcedUntil ?? 0, Date.parse(updatedAt))
  }

  async function catchUp(tries = 1): Promise<void> {
    clearTimeout(timer)
    const since = announcedUntil === null ? null : announcedUntil - overlapMs
    try {
      const changed = await listChanged(since)
      isCaughtUp = true
      announcedUntil ??= 0
      for (const conversation of changed) sawTime(conversation)
      const alerts = changed.flatMap((conversation) => {
        const alert = currentAlert(conversation, agentId, since === null || ownBeforeGap.has(conversation.id))
        return alert && Date.parse(alert.at) > (since ?? 0) ? { conversation, key: alert.key } : []
      })
      onFound(alerts, takeHeld(), since === null)
    } catch (error) {
      onFound([], takeHeld(), false)
      if (!(error instanceof RequestError)) throw error
      // Without a connection the next reconnect catches up.
      if (error.retryable && error.code !== 'offline') timer = setTimeout(catchUp, backoffMs(tries), tries + 1)
    }
  }

  /** The conversations changed since then, the newest first; without a time one page of them. */
  async function listChanged(since: number | null): Promise<AgentConversation[]> {
    const changed: AgentConversation[] = []
    let cursor: string | null = null
    do {
      const reply: RequestReplies['conversation:list'] = await connection.request('conversation:list', {
        view: 'all',
        limit: limits.pageSize,
        ...(cursor !== null && { cursor }),
      })
      const page: AgentConversation[] = (reply.conversations as AgentConversation[]).filter(
        ({ updatedAt }) => since === null || Date.parse(updatedAt) > since,
      )
      changed.push(...page)
      cursor = page.length === reply.conversations.length && since !== null ? reply.nextCursor : null
    } while (cursor !== null && changed.length < limits.countCap)
    return changed
  }

  const undo = [
    connection.on('conversation:created', ({ conversation }) => sawTime(conversation)),
    connection.on('conversation:updated', ({ conversation }) => sawTime(conversation)),
    connection.state.subscribe(({ phase }) => {
      if (phase === 'online') {
        held = []
        return void catchUp()
      }
      if (isCaughtUp) ownBeforeGap = new Set(conversations.rows('mine').map(({ id }) => id))
      isCaughtUp = false
    }),
  ]
  return {
    hold(alert) {
      held?.push(alert)
      return held !== null
    },
    stop() {
      clearTimeout(timer)
      for (const each of undo) each()
    },
  }
}
