import { expect, test } from 'vitest'
import { identifyServer, isSameRun } from '#db/core/server-identity.ts'

/** A server as its variables and statuses show it, after this many seconds of this process. */
const seen = (values: Record<string, string>, afterSeconds: number) =>
  identifyServer((name) => values[name], afterSeconds * 1000)

test('[DB62] a server is the same run as long as its start does not move, and another one after a restart', () => {
  const server = { server_id: '1', port: '3306', socket: '/run/a.sock', datadir: '/a' }
  const first = seen({ ...server, uptime: '1000' }, 10)
  expect(isSameRun(first, seen({ ...server, uptime: '1500' }, 510))).toBe(true)
  // Uptime counts whole seconds, and a reply may be late.
  expect(isSameRun(first, seen({ ...server, uptime: '1499' }, 511))).toBe(true)
  expect(isSameRun(first, seen({ ...server, uptime: '4' }, 510))).toBe(false)
  // This machine slept, which its clock does not count.
  expect(isSameRun(first, seen({ ...server, uptime: '9000' }, 510))).toBe(true)
})

test('[DB62] servers differ by uuid, or where there is none by id, port, socket or data directory', () => {
  const mysql = { server_uuid: '7f3c', server_id: '1', port: '3306', datadir: '/var/lib/mysql/' }
  const mariadb = { server_id: '1', port: '3306', socket: '/run/a.sock', datadir: '/a' }
  const others = [
    mysql,
    { ...mysql, server_uuid: '8b1e' },
    mariadb,
    { ...mariadb, server_id: '2' },
    { ...mariadb, port: '3307' },
    { ...mariadb, socket: '/run/b.sock' },
    { ...mariadb, datadir: '/b' },
  ]
  const servers = others.map((values) => seen({ ...values, uptime: '1' }, 1).server)
  expect(new Set(servers).size).toBe(others.length)
  expect(servers.every((server) => /^[0-9a-f]{32}$/.test(server))).toBe(true)
})

test('[DB62] the members of one synchronous cluster are one server', () => {
  const member = (server_id: string, cluster: Record<string, string>) =>
    seen({ server_id, port: '3306', datadir: '/a', uptime: '1', ...cluster }, 1).server
  for (const name of ['wsrep_cluster_state_uuid', 'group_replication_group_name']) {
    expect(member('1', { [name]: 'c0' })).toBe(member('2', { [name]: 'c0' }))
    expect(member('1', { [name]: 'c0' })).not.toBe(member('1', { [name]: 'c1' }))
    expect(member('1', { [name]: '' })).not.toBe(member('2', { [name]: '' }))
  }
})
