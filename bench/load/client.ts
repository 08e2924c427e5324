// A load client: a process of its own that opens connections and sends messages as its jobs say. It parses nothing that it need not.

import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds } from '../usage.ts'
import { type LoadConnection, openConnection } from './connection.ts'
import type { ClosedJob, ConnectJob, Job, JobReply, Measured, OpenJob, Sender } from './jobs.ts'
import { createRun, type MessageRun } from './message-run.ts'

const created = Buffer.from('["message:created"')
const handshakesAtOnce = 20
/** A machine that is busy with others refuses some for a moment; before anything is measured they try again, as people's clients do. */
const handshakeTries = 5
const pauseMs = 1_000
let connections: LoadConnection[] = []
let senders: readonly Sender[] = []
let run: MessageRun | null = null
let onAcked: (number: number, isOk: boolean) => void = () => {}

process.on('message', (job: Job) => {
  doJob(job).then(
    (done) => answer({ done }),
    (error: unknown) => answer({ failed: String(error) }),
  )
})

const answer = (message: JobReply) => process.send?.(message)

async function doJob(job: Job): Promise<Measured | null> {
  if (job.do === 'connect') return connectAll(job)
  run = createRun(job.tag)
  return job.do === 'closed' ? runClosed(job, run) : runOpen(job, run)
}

async function connectAll(job: ConnectJob): Promise<null> {
  senders = job.senders
  const receivers = new Set(job.receivers)
  const opened: LoadConnection[] = []
  let next = 0
  const url = new URL(job.url)
  async function openSome() {
    for (let index = next++; index < job.handshakes.length; index = next++) {
      const listener = {
        acknowledged: (number: number, isOk: boolean) => onAcked(number, isOk),
        event: receivers.has(index) ? receive : () => {},
        ended: (reason: string) => answer({ failed: reason }),
      }
      opened[index] = await openWithRetry(url, job.handshakes[index] as ConnectJob['handshakes'][number], listener)
    }
  }
  await Promise.all(Array.from({ length: handshakesAtOnce }, openSome))
  connections = opened
  return null
}

async function openWithRetry(...connection: Parameters<typeof openConnection>): Promise<LoadConnection> {
  for (let left = handshakeTries - 1; ; left--) {
    try {
      return await openConnection(...connection)
    } catch (error) {
      if (left === 0 || !String(error).includes('"retryable":true')) throw error
      await sleep(pauseMs)
    }
  }
}

function receive(bytes: Buffer, from: number, to: number) {
  if (bytes.compare(created, 0, created.length, from, from + created.length) === 0) run?.delivered(bytes, from, to)
}

function send(number: number, sender: Sender, run: MessageRun, scheduledAt: number) {
  const connection = connections[sender.connection] as LoadConnection
  connection.send(number, 'message:send', run.payload(number, sender.conversationId, scheduledAt))
}

async function runClosed(job: ClosedJob, run: MessageRun): Promise<Measured> {
  const senderOf: Sender[] = []
  let running = true
  function sendFrom(sender: Sender) {
    send(senderOf.push(sender) - 1, sender, run, performance.now())
  }
  onAcked = (number, isOk) => {
    run.acked(number, isOk)
    if (running) sendFrom(senderOf[number] as Sender)
  }
  for (let times = 0; times < job.inFlight; times++) senders.slice(0, job.senders).forEach(sendFrom)
  return measure(job, run, () => {
    running = false
  })
}

async function runOpen(job: OpenJob, run: MessageRun): Promise<Measured> {
  const startedAt = performance.now()
  let sent = 0
  function sendDue() {
    for (let due = ((performance.now() - startedAt) * job.perSecond) / 1000; sent < due; sent++) {
      send(sent, senders[sent % senders.length] as Sender, run, startedAt + (sent * 1000) / job.perSecond)
    }
  }
  // Timers are a millisecond coarse: what comes in is a chance to be punctual.
  const timer = setInterval(sendDue, 1)
  onAcked = (number, isOk) => {
    run.acked(number, isOk)
    if (timer.hasRef()) sendDue()
  }
  return measure(job, run, () => {
    clearInterval(timer.unref())
  })
}

async function measure(job: ClosedJob | OpenJob, run: MessageRun, stop: () => void): Promise<Measured> {
  const pids = [...job.pids, process.pid]
  await sleep(job.warmUpMs)
  const before = pids.map(cpuSeconds)
  run.startWindow()
  await sleep(job.ms)
  run.endWindow()
  const cpu = pids.map((pid, index) => cpuSeconds(pid) - (before[index] as number))
  stop()
  await run.settled()
  return { ...run.result(), clientCpu: cpu.pop() as number, cpu }
}
