// Which database server answers, and which run of it. After a failover it is another server, which may lack commits
// that were acknowledged.

import { createHash } from 'node:crypto'

export interface ServerIdentity {
  /** 32 hexadecimal digits. The members of one synchronous cluster, which lose nothing between them, are one server. */
  server: string
  /** Seconds of performance.now() at which it started. */
  startedAt: number
}

const clusterNames = ['group_replication_group_name', 'wsrep_cluster_state_uuid']
const serverNames = ['server_uuid', 'server_id', 'port', 'socket', 'datadir']

export const identityVariables = [...serverNames, 'group_replication_group_name']
export const identityStatuses = ['wsrep_cluster_state_uuid', 'uptime']

/** Uptime counts whole seconds, and a reply may be late. */
const toleranceSeconds = 3

/** `value`: a variable or status by name. */
export function identifyServer(value: (name: string) => string | undefined, now = performance.now()): ServerIdentity {
  const cluster = clusterNames.flatMap((name) => value(name) || [])
  const parts = cluster.length > 0 ? cluster : serverNames.map((name) => value(name) ?? '')
  return {
    server: createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32),
    startedAt: now / 1000 - Number(value('uptime')),
  }
}

export const isSameRun = (one: ServerIdentity, other: ServerIdentity): boolean =>
  one.server === other.server && other.startedAt - one.startedAt < toleranceSeconds
