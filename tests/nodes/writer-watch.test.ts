// How a running Kefu distinguishes a failover from several writers. tests/failover does the same with a real Galera
// cluster.

import { describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { createWriterWatch } from '../../server/shared/writer-watch.ts'

const every = serverLimits.nodeLeaseRenewMs
const lease = serverLimits.nodeLeaseMs

/** Renewals every two seconds: at each step the database node of each Kefu node, or null outside of Galera. */
function run(steps: readonly (readonly (string | null)[])[]): boolean[] {
  const watch = createWriterWatch()
  return steps.map((nodes, step) =>
    watch.record(
      nodes.map((databaseNode) => ({ databaseNode, leaseUntil: new Date(step * every + lease).toISOString() })),
    ),
  )
}

const repeated = <T>(count: number, ...values: T[]) => Array.from({ length: count }, () => values).flat()

describe('[GA2] O3 a database node', () => {
  it('may be followed by another: a failover, and one back', () => {
    const steps = [...repeated(10, ['a', 'a']), ['a', 'b'], ...repeated(10, ['b', 'b']), ...repeated(10, ['a', 'a'])]
    expect(run(steps)).not.toContain(true)
  })

  it('is one of several writers if each Kefu node writes to its own', () => {
    const results = run([...repeated(10, ['a', 'b']), ...repeated(6, ['b', 'b'])])
    expect(results.indexOf(true)).toBe(lease / every)
    expect(results.slice(9 + lease / every)).not.toContain(true)
  })

  it('is one of several writers if connections of one Kefu node alternate', () => {
    expect(run(repeated(6, ['a'], ['b'])).indexOf(true)).toBeLessThan(8)
  })

  it('does not exist outside of Galera', () => {
    expect(run(repeated(20, [null, null]))).not.toContain(true)
  })
})
