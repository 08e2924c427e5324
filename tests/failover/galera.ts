// A Galera cluster of real MariaDB servers on this machine, from Debian's packages mariadb-server-core and galera-4.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { layoutOf } from '#db/embedded/layout.ts'
import { serverProgram } from '#db/embedded/server-program.ts'
import { freePort } from '../support/redis.ts'
import { until } from '../support/server-process.ts'

/** rsync, which transfers the state between nodes, gives up the rights of root. So the servers run without them. */
const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

const libraries = [
  '/usr/lib/galera/libgalera_smm.so',
  '/usr/lib/libgalera_smm.so',
  '/usr/lib64/galera-4/libgalera_smm.so',
]

/** Galera's library; undefined if this machine has none. */
export const findGalera = (): string | undefined => libraries.find(existsSync)

export interface GaleraNode {
  port: number
  /** Of its database `kefu`. */
  url: string
  status(name: string): Promise<string | undefined>
  kill(signal: NodeJS.Signals): void
}

export interface GaleraCluster {
  nodes: GaleraNode[]
  stop(): Promise<void>
}

/** Nodes that accept anybody as root, from one copy of the files each, so that none needs a state transfer. */
export async function startGalera(count: number): Promise<GaleraCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'kefu-galera-'))
  const library = findGalera()
  if (library === undefined) throw new Error('no Galera on this machine: install the package galera-4')
  const { path } = await serverProgram(() => {})
  const running = new Set<{ child: ChildProcess; exited: Promise<unknown> }>()
  await createFiles(folder)
  const places = await Promise.all(
    Array.from({ length: count }, async (_, index) => ({
      datadir: join(folder, `node-${index + 1}`),
      port: await freePort(),
      groupPort: await freePort(),
      transferPort: await freePort(),
      stateTransferPort: await freePort(),
    })),
  )
  const first = places[0] as (typeof places)[number]

  async function start(
    { datadir, port, groupPort, transferPort, stateTransferPort }: (typeof places)[number],
    peers: readonly number[],
  ) {
    const cluster = peers.map((peer) => `127.0.0.1:${peer}`).join(',')
    const provider = [
      'base_host=127.0.0.1',
      `base_port=${groupPort}`,
      `gmcast.listen_addr=tcp://127.0.0.1:${groupPort}`,
      `ist.recv_addr=127.0.0.1:${transferPort}`,
      'gcache.size=32M',
    ]
    const child = spawn(
      path,
      [
        '--no-defaults',
        `--datadir=${datadir}`,
        `--socket=${join(datadir, 'socket')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-grant-tables',
        '--log-warnings=1',
        '--innodb-log-file-size=32M',
        '--innodb-flush-log-at-trx-commit=1',
        '--binlog-format=ROW',
        '--innodb-autoinc-lock-mode=2',
        '--character-set-server=utf8mb4',
        '--collation-server=utf8mb4_unicode_ci',
        '--wsrep-on=ON',
        `--wsrep-provider=${library}`,
        '--wsrep-cluster-name=kefu-tests',
        `--wsrep-cluster-address=gcomm://${cluster}`,
        '--wsrep-node-address=127.0.0.1',
        '--wsrep-auto-increment-control=OFF',
        '--wsrep-sst-method=rsync',
        `--wsrep-sst-receive-address=127.0.0.1:${stateTransferPort}`,
        `--wsrep-provider-options=${provider.join(';')}`,
        ...(peers.length === 0 ? ['--wsrep-new-cluster'] : []),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], ...account },
    )
    let output = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-20_000)
    })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    const server = { child, exited }
    running.add(server)
    void exited.then(() => running.delete(server))
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the Galera node exited:\n${output}`)
      return (await statusOf(port, 'wsrep_ready').catch(() => undefined)) === 'ON'
    }).catch((error) => {
      throw new Error(`the Galera node is not ready:\n${output}`, { cause: error })
    })
    return server
  }

  async function stop() {
    for (const { child, exited } of running) {
      child.kill('SIGKILL')
      await exited
    }
    await rm(folder, { recursive: true })
  }

  try {
    // A first run gives the files their position in the cluster. The other nodes begin at the same one.
    const founder = await start(first, [])
    const connection = await createConnection({ host: '127.0.0.1', port: first.port, user: 'root' })
    await connection.query('CREATE DATABASE IF NOT EXISTS kefu')
    await connection.end()
    founder.child.kill('SIGTERM')
    await founder.exited
    for (const { datadir } of places.slice(1)) await copyFiles(first.datadir, datadir)
    const nodes: GaleraNode[] = []
    for (const [index, place] of places.entries()) {
      const server = await start(
        place,
        places.slice(0, index).map(({ groupPort }) => groupPort),
      )
      nodes.push({
        port: place.port,
        url: `mysql://root@127.0.0.1:${place.port}/kefu`,
        status: (name) => statusOf(place.port, name),
        kill: (signal) => void server.child.kill(signal),
      })
    }
    await until(async () => (await statusOf(first.port, 'wsrep_cluster_size')) === String(count))
    return { nodes, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The system tables of an embedded database, which was stopped cleanly. */
async function createFiles(folder: string): Promise<void> {
  const dataDir = join(folder, 'embedded')
  lockDataDirectory(dataDir)
  const server = await startEmbeddedDatabase({ dataDir, bufferPool: 16 * 2 ** 20, log: () => {} })
  await server.stop()
  unlockDataDirectory(dataDir)
  await copyFiles(layoutOf(dataDir).files, join(folder, 'node-1'))
}

async function copyFiles(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
  const { uid, gid } = account as { uid?: number; gid?: number }
  if (uid === undefined || gid === undefined) return
  await chmod(dirname(to), 0o755)
  for (const name of ['', ...(await readdir(to, { recursive: true }))]) await chown(join(to, name), uid, gid)
}

async function statusOf(port: number, name: string): Promise<string | undefined> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', connectTimeout: 2_000 })
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SHOW STATUS LIKE ?', [name])
    return rows[0]?.Value as string | undefined
  } finally {
    connection.destroy()
  }
}
