// Measures the memory of a Node process after a full garbage collection, through its inspector (started with
// --inspect=127.0.0.1:0).

import { WebSocket } from 'ws'

export interface Memory {
  heapBytes: number
  residentBytes: number
}

/** `output` is the output of the process. It names the inspector's address. */
export async function measureMemory(output: string): Promise<Memory> {
  const address = /Debugger listening on (ws:\S+)/.exec(output)?.[1]
  if (address === undefined) throw new Error('the process has no inspector')
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  let id = 0
  const ask = (method: string, params: object = {}) =>
    new Promise<{ result: { value: Memory } }>((resolve) => {
      const asked = ++id
      socket.on('message', (data: Buffer) => {
        const answer = JSON.parse(data.toString())
        if (answer.id === asked) resolve(answer.result)
      })
      socket.send(JSON.stringify({ id: asked, method, params }))
    })
  for (let times = 0; times < 2; times++) await ask('HeapProfiler.collectGarbage')
  const expression =
    '(({ heapUsed, external, rss }) => ({ heapBytes: heapUsed + external, residentBytes: rss }))(process.memoryUsage())'
  const { result } = await ask('Runtime.evaluate', { expression, returnByValue: true })
  socket.close()
  return result.value
}
