// A connection without a server: it answers the given requests, and leaves all others pending.

import { signal } from '@preact/signals'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { Connection, ConnectionState } from '../../shared/connection/connection.ts'

export type SampleReplies = {
  [N in RequestName]?: (payload: RequestPayloads[N]) => RequestReplies[N] | Promise<RequestReplies[N]>
}

export function sampleConnection(
  replies: SampleReplies = {},
  state: ConnectionState = { phase: 'online' },
): Connection {
  return {
    state: signal(state),
    async request(name, payload) {
      const reply = replies[name]
      return reply ? reply(payload) : new Promise(() => {})
    },
    onNewEpoch: () => () => {},
    on: () => () => {},
    close() {},
  }
}
