// A Kefu before its setup, in its own process, for scripts that are not tests.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { compileCache } from './compile-cache.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface ScriptKefu {
  /** From the log: the server's own address and the setup code. */
  setupLink: string
  stop(): Promise<void>
}

/** On a free port, in an empty `dataDir`. Rejects with the server's output if it ends before it is ready. */
export async function startKefu(dataDir: string): Promise<ScriptKefu> {
  const child = spawn(process.execPath, ['server/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...compileCache(root),
      DATA_DIR: dataDir,
      PORT: '0',
      RATE_LIMITS: 'off',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += text
    const setupLink = /http\S+\/setup#[\w-]+/.exec(log)?.[0]
    if (setupLink === undefined) continue
    child.stdout.resume()
    return {
      setupLink,
      async stop() {
        child.kill('SIGTERM')
        await once(child, 'exit')
      },
    }
  }
  throw new Error(`Kefu exited before it was ready:\n${log}`)
}
