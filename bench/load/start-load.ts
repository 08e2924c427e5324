// The benchmark's end of a load client's channel.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ClosedJob, ConnectJob, Job, JobReply, Measured, OpenJob } from './jobs.ts'

type Untagged<J> = Omit<J, 'do' | 'tag'>

export interface Load {
  connect(job: Omit<ConnectJob, 'do'>): Promise<void>
  closed(job: Untagged<ClosedJob>): Promise<Measured>
  open(job: Untagged<OpenJob>): Promise<Measured>
  stop(): void
}

const program = fileURLToPath(new URL('client.ts', import.meta.url))
let runs = 0
/** Message ids are told apart by it, in every conversation for ever. */
const newTag = () => `bench${runs++}`

export function startLoad(): Load {
  const child = fork(program)
  let waiting: PromiseWithResolvers<Measured | null> | null = null
  const fail = (reason: string) => waiting?.reject(new Error(`load client: ${reason}`))
  child.on('message', (answer: JobReply) => ('failed' in answer ? fail(answer.failed) : waiting?.resolve(answer.done)))
  child.on('exit', (code) => fail(`ended with ${code}`))

  function ask(job: Job): Promise<Measured | null> {
    waiting = Promise.withResolvers()
    child.send(job)
    return waiting.promise
  }

  return {
    async connect(job) {
      await ask({ do: 'connect', ...job })
    },
    closed: (job) => ask({ do: 'closed', tag: newTag(), ...job }) as Promise<Measured>,
    open: (job) => ask({ do: 'open', tag: newTag(), ...job }) as Promise<Measured>,
    stop: () => child.kill('SIGKILL'),
  }
}
