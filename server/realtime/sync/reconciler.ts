// Reconciles this node with the database every serverLimits.reconcileMs: publishes to its own connections every change
// of a list that it has not published yet. That repairs an event lost between nodes, and one lost to a failed read
// after a commit.

import { readNow } from '#db/core/clock.ts'
import { selectListVersions } from '#db/queries/list-versions.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import { type ReconciledList, reconciledLists } from './reconciled-lists.ts'

export function startReconciler(app: App): { stop(): void } {
  let lists = reconciledLists(app)
  // Versions of another epoch say nothing.
  app.epoch.onChange(() => {
    lists = reconciledLists(app)
  })
  let running = false

  async function reconcile() {
    const round = { now: await readNow(app.db), versions: await selectListVersions(app.db) }
    for (const list of lists) await list.reconcile(round).catch((error: unknown) => warn(error, list))
  }

  function warn(error: unknown, list?: ReconciledList) {
    app.log.warn({ err: error, list: list?.name }, 'reconciliation failed')
  }

  function run() {
    if (running) return
    running = true
    reconcile()
      .catch((error: unknown) => warn(error))
      .finally(() => {
        running = false
      })
  }

  // Each list begins now, before the first client connects.
  run()
  const timer = setInterval(run, serverLimits.reconcileMs)
  return { stop: () => clearInterval(timer) }
}
