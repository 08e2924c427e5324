// A .cpuprofile as a tree of calls with times, and what is slow in it: by function and by package.

export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[]
  samples: number[]
  /** Microseconds from one sample to the next. */
  timeDeltas: number[]
}

interface CallFrame {
  functionName: string
  url: string
  /** From 0. */
  lineNumber: number
}

export interface Call {
  name: string
  /** File and line, as short as it stays clear; empty for what is not in a file. */
  place: string
  /** `kefu`, a package, `node` or what V8 does itself. */
  owner: string
  /** Milliseconds in itself, and with all it called. */
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

/** Self time in milliseconds, the most first. */
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
