// A child process that faults kill, freeze and thaw. Its exit is awaited before another takes its place.

import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'

export interface Child {
  pid: number
  isRunning(): boolean
  /** The end of its output. */
  outputTail(): string
  /** Calls the listener with each chunk of output. */
  onOutput(listener: (text: string) => void): void
  kill(signal: NodeJS.Signals): void
  /** Resolves with the exit code and signal. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface ChildOptions {
  cwd: string
  env: Record<string, string>
  /** Collects all output in this file. */
  outputFile: string
}

export function spawnChild(program: string, args: readonly string[], options: ChildOptions): Child {
  const child: ChildProcess = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const file = createWriteStream(options.outputFile, { flags: 'a' })
  let last = ''
  const listeners: ((text: string) => void)[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      file.write(text)
      last = (last + text).slice(-4000)
      for (const listener of listeners) listener(text)
    })
  }
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      process.off('exit', killChild)
      file.end()
      resolve({ code, signal })
    })
  })
  return {
    pid: child.pid ?? 0,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    outputTail: () => last,
    onOutput: (listener) => listeners.push(listener),
    kill: (signal) => child.kill(signal),
    exited,
  }
}
