// Reads a .cpuprofile as a call tree with times, and sums self times by function or package.

export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[]
  samples: number[]
  /** Microseconds between samples. */
  timeDeltas: number[]
}

interface CallFrame {
  functionName: string
  url: string
  /** Zero-based. */
  lineNumber: number
}

export interface Call {
  name: string
  /** Shortened file and line; empty for native code. */
  place: string
  /** `kefu`, a package, `node`, or a V8 activity such as (program). */
  owner: string
  /** Milliseconds without and with callees. */
  selfMs: number
  totalMs: number
  calls: Call[]
}

export function readCalls(profile: CpuProfile): Call {
  const selfMs = new Map<number, number>()
  profile.samples.forEach((id, index) => {
    selfMs.set(id, (selfMs.get(id) ?? 0) + (profile.timeDeltas[index] as number) / 1000)
  })
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  function read(id: number): Call {
    const { callFrame, children = [] } = nodes.get(id) as CpuProfile['nodes'][number]
    const calls = children.map(read).sort((a, b) => b.totalMs - a.totalMs)
    const self = selfMs.get(id) ?? 0
    return { ...named(callFrame), selfMs: self, totalMs: calls.reduce((sum, call) => sum + call.totalMs, self), calls }
  }
  return read((profile.nodes[0] as CpuProfile['nodes'][number]).id)
}

function named({ functionName, url, lineNumber }: CallFrame): Pick<Call, 'name' | 'place' | 'owner'> {
  const name = functionName || '(anonymous)'
  if (url === '') return { name, place: '', owner: name.startsWith('(') && functionName ? name : 'node' }
  if (url.startsWith('node:')) return { name, place: `${url}:${lineNumber + 1}`, owner: 'node' }
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(url)
  const file = inPackage ? `${inPackage[1]}/${inPackage[2]}` : url.replace(/.*\/(server|db|protocol|bench)\//, '$1/')
  return { name, place: `${file}:${lineNumber + 1}`, owner: inPackage?.[1] ?? 'kefu' }
}

/** Self times in milliseconds, largest first. */
export function selfTimes(root: Call, by: (call: Call) => string): [what: string, ms: number][] {
  const times = new Map<string, number>()
  const add = (call: Call) => {
    const what = by(call)
    times.set(what, (times.get(what) ?? 0) + call.selfMs)
    call.calls.forEach(add)
  }
  add(root)
  return [...times].sort(([, a], [, b]) => b - a)
}
